package mask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// formsOf are the forms in which a value may occur in text: unchanged, without
// surrounding space, line by line (as in a log), and escaped as JSON, as Python's
// repr, and for URLs. Forms shorter than the minimum of a secret are left out.
func formsOf(value string) []string {
	plain := []string{value}
	if trimmed := strings.TrimSpace(value); trimmed != value {
		plain = append(plain, trimmed)
	}
	if strings.ContainsAny(value, "\n\r") {
		for line := range strings.SplitSeq(strings.ReplaceAll(value, "\r", "\n"), "\n") {
			plain = append(plain, strings.TrimSpace(line))
		}
	}
	var forms []string
	for _, text := range plain {
		for _, form := range []string{
			text, jsonForm(text, true), jsonForm(text, false), asciiForm(text), reprForm(text),
			strings.ReplaceAll(reprForm(text), `'`, `\'`), url.QueryEscape(text), url.PathEscape(text),
		} {
			if long(form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

// jsonForm is the text within a JSON string; with html, < > and & are escaped too.
func jsonForm(text string, html bool) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(html)
	if encoder.Encode(text) != nil { // text can always be encoded
		return text
	}
	quoted := bytes.TrimSpace(out.Bytes())
	return string(quoted[1 : len(quoted)-1])
}

// asciiForm is the text within a JSON string as json.dumps writes it.
func asciiForm(text string) string {
	var out strings.Builder
	for _, r := range jsonForm(text, false) {
		if r < 0x7f {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

// reprForm is the text between the quotation marks of Python's repr, where
// those marks are not in it.
func reprForm(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			out.WriteString(`\\`)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// canSpan reports whether a form contains JSON syntax.
func canSpan(form string) bool { return strings.ContainsAny(form, "\"[]{},: \t\r\n") }
