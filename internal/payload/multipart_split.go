package payload

import (
	"bytes"
	"strings"

	"maestro/internal/model"
)

// part is a part of a multipart body, with the values of its head.
type part struct {
	name         string // as it was sent, unless extendedName
	extendedName bool   // the name is UTF-8 already
	file         string
	isFile       bool
	contentType  string
	transfer     string // Content-Transfer-Encoding in lower case
	content      []byte
}

// splitParts splits a multipart body (RFC 2046) at its boundary, with every kind of
// line end, without the text before the first boundary and after the last. whole
// is false when the closing boundary is missing. The contents point into body.
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

// endOfDelimiter parses the rest of the line of a boundary: the two dashes of the
// last one, padding, and the line end; with other text the line is content of a
// part. The last boundary may end the body.
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

// withoutBreak removes the line break that belongs to the next boundary.
func withoutBreak(content []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
}

// maxHead is the maximum length of the head of a part, in bytes.
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

// splitHead returns the unfolded lines of the head, and the content after the empty
// line. ok is false when the head is too long.
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

// byBrowsers decodes the three characters that browsers percent-encode in names
// (the HTML standard), and no others.
var byBrowsers = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n")

// dispose parses a Content-Disposition.
func (p *part) dispose(value string) {
	if end := strings.IndexAny(value, "; \t"); end >= 0 && !strings.Contains(value[:end], "=") {
		value = value[end:] // after the type, which is not used
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
