package payload

import (
	"bytes"
	"strings"

	"maestro/internal/model"
)

// part is one of a multipart body, with what its head says of it.
type part struct {
	name         string // as it came, unless extendedName
	extendedName bool   // it is in UTF-8 already
	file         string
	isFile       bool
	contentType  string
	transfer     string // Content-Transfer-Encoding in lower case
	content      []byte
}

// splitParts cuts a multipart body (RFC 2046) at its boundary, whatever ends its
// lines; what is before the first and after the last one is left out. whole is
// false when the closing one is missing. The contents point into body.
func splitParts(body []byte, boundary string) (parts []part, whole bool, err error) {
	delimiter := append([]byte("--"), boundary...)
	begun := -1 // where the current part begins
	for at := 0; ; {
		found := bytes.Index(body[at:], delimiter)
		if found < 0 {
			return parts, false, nil
		}
		start := at + found
		at = start + len(delimiter)
		next, last, ok := endOfDelimiter(body[at:])
		if !ok || start > 0 && body[start-1] != '\n' {
			continue
		}
		if begun >= 0 {
			if len(parts) == MaxFields {
				return nil, false, tooManyFields()
			}
			made, err := newPart(withoutBreak(body[begun:max(begun, start)]))
			if err != nil {
				return nil, false, err
			}
			parts = append(parts, made)
		}
		if last {
			return parts, true, nil
		}
		at += next
		begun = at
	}
}

// endOfDelimiter reads what follows a boundary: the two dashes of the last one,
// padding, and the end of the line; a line that goes on is a part's content. The
// last one may end the body.
func endOfDelimiter(rest []byte) (length int, last, ok bool) {
	if after, dashed := bytes.CutPrefix(rest, []byte("--")); dashed {
		after = bytes.TrimLeft(after, " \t\r")
		return 0, true, len(after) == 0 || after[0] == '\n'
	}
	for length < len(rest) && (rest[length] == ' ' || rest[length] == '\t') {
		length++
	}
	if length+1 < len(rest) && rest[length] == '\r' && rest[length+1] == '\n' {
		return length + 2, false, true
	}
	if length < len(rest) && rest[length] == '\n' {
		return length + 1, false, true
	}
	return 0, false, false
}

// withoutBreak leaves out the line break that belongs to the boundary behind it.
func withoutBreak(content []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
}

// maxHead bounds the head of a part, in bytes.
const maxHead = 16 << 10

func newPart(text []byte) (part, error) {
	head, content, ok := splitHead(text)
	if !ok {
		return part{}, model.NewError(model.CodeMalformedBody, "The head of a part of the multipart form is longer than %d bytes.", maxHead)
	}
	p := part{content: content}
	for _, line := range head {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-disposition":
			p.dispose(value)
		case "content-type":
			p.contentType = value
		case "content-transfer-encoding":
			p.transfer = strings.ToLower(value)
		}
	}
	return p, nil
}

// splitHead returns the lines of the head, unfolded, and what follows the empty
// line behind them. ok is false when the head is too long.
func splitHead(text []byte) (head []string, content []byte, ok bool) {
	for whole := len(text); len(text) > 0; {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		text = rest
		switch {
		case len(line) == 0:
			return head, text, true
		case whole-len(text) > maxHead:
			return nil, nil, false
		case (line[0] == ' ' || line[0] == '\t') && len(head) > 0:
			head[len(head)-1] += " " + strings.TrimSpace(string(line))
		default:
			head = append(head, string(line))
		}
	}
	return head, nil, true
}

// byBrowsers undoes what browsers do to names: three characters in percents (the
// HTML standard), and no others.
var byBrowsers = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n")

// dispose reads a Content-Disposition.
func (p *part) dispose(value string) {
	if end := strings.IndexAny(value, "; \t"); end >= 0 && !strings.Contains(value[:end], "=") {
		value = value[end:] // after the type, which tells nothing
	}
	all := parseParameters(value)
	if name, ok := valueOf(all, "name"); ok {
		p.extendedName = name != plainValue(all, "name")
		p.name = encodedWords(byBrowsers.Replace(name))
	}
	if file, ok := valueOf(all, "filename"); ok && file != "" {
		p.file, p.isFile = byBrowsers.Replace(file), true
	}
}

func plainValue(all []parameter, name string) string {
	for i := range all {
		if all[i].name == name {
			return all[i].value
		}
	}
	return ""
}
