package payload

import (
	"mime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parameter is a parameter of a Content-Type or a Content-Disposition.
type parameter struct{ name, value string } // name in lower case

// maxParameters is how many parameters are parsed, more than any sender sends.
const maxParameters = 100

// parseParameters parses `name=value; name="value"`. A quoted value ends at the
// quote before another parameter or the end of the text, because browsers and mail
// gateways send file names with unescaped quotes and semicolons.
func parseParameters(text string) []parameter {
	var all []parameter
	for {
		text = strings.TrimLeft(text, "; \t\r\n")
		if text == "" || len(all) == maxParameters {
			return all
		}
		end := strings.IndexAny(text, "=;")
		if end < 0 || text[end] == ';' {
			if end < 0 {
				return all
			}
			text = text[end:]
			continue
		}
		name := strings.ToLower(strings.TrimSpace(text[:end]))
		text = strings.TrimLeft(text[end+1:], " \t\r\n")
		var value string
		if strings.HasPrefix(text, `"`) {
			value, text = quotedValue(text[1:])
		} else {
			value, text, _ = strings.Cut(text, ";")
			value = strings.TrimSpace(value)
		}
		all = append(all, parameter{name, value})
	}
}

// quotedValue parses up to the closing quote, or to the end without one. A
// backslash escapes only a quote or itself, because it may be part of a file name.
func quotedValue(text string) (value, rest string) {
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '\\':
			i++
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"' && strings.IndexByte(text[i+2:], '"') >= 0:
			i++
		case text[i] == '"' && endsParameter(text[i+1:]):
			return plain.String(), text[i+1:]
		}
		plain.WriteByte(text[i])
	}
	return strings.TrimRight(plain.String(), " \t\r\n"), ""
}

// endsParameter reports whether the text after a quote shows that it is the
// closing one.
func endsParameter(after string) bool {
	after = strings.TrimLeft(after, " \t\r\n")
	if after == "" {
		return true
	}
	next, found := strings.CutPrefix(after, ";")
	if !found {
		return false
	}
	name, _, found := strings.Cut(next, "=")
	name = strings.TrimSpace(name)
	return strings.Trim(next, "; \t\r\n") == "" || found && name != "" && !strings.ContainsAny(name, "; \t\"")
}

// valueOf finds a parameter. One in several parts or with a charset (RFC 2231,
// RFC 8187) takes precedence over a plain one of the same name.
func valueOf(all []parameter, name string) (value string, found bool) {
	for i := range all {
		if all[i].name == name+"*" {
			if plain, ok := extended(all[i].value); ok {
				return plain, true
			}
		}
	}
	if joined, ok := continued(all, name); ok {
		return joined, true
	}
	for i := range all {
		if all[i].name == name {
			return all[i].value, true
		}
	}
	return "", false
}

// extended decodes charset'language'percent-encoded.
func extended(text string) (string, bool) {
	label, rest, ok := strings.Cut(text, "'")
	if !ok {
		return "", false
	}
	_, encoded, ok := strings.Cut(rest, "'")
	if !ok {
		return "", false
	}
	return readIn(label, unescaped([]byte(encoded), false)), true
}

// continued joins name*0, name*1* and so on.
func continued(all []parameter, name string) (string, bool) {
	var joined []byte
	label := ""
	for n := 0; ; n++ {
		part, coded, found := section(all, name+"*"+strconv.Itoa(n))
		if !found {
			return readIn(label, joined), n > 0
		}
		if coded && n == 0 {
			if charset, rest, ok := strings.Cut(part, "'"); ok {
				label = charset
				_, part, _ = strings.Cut(rest, "'")
			}
		}
		if coded {
			joined = append(joined, unescaped([]byte(part), false)...)
		} else {
			joined = append(joined, part...)
		}
	}
}

func section(all []parameter, name string) (value string, coded, found bool) {
	for i := range all {
		if all[i].name == name || all[i].name == name+"*" {
			return all[i].value, strings.HasSuffix(all[i].name, "*"), true
		}
	}
	return "", false, false
}

func readIn(label string, text []byte) string {
	cs, _ := charsetOf(label)
	return string(cs.field(text))
}

// encodedWords decodes RFC 2047 words, in which some mail libraries write file
// names; any other text stays unchanged.
func encodedWords(text string) string {
	if !strings.Contains(text, "=?") || !utf8.ValidString(text) {
		return text
	}
	decoder := mime.WordDecoder{CharsetReader: charsetReader}
	if plain, err := decoder.DecodeHeader(text); err == nil {
		return plain
	}
	return text
}
