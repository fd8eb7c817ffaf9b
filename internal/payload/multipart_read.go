package payload

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"maestro/internal/model"
)

// readMultipart parses a multipart form: text fields as text, files as
// {"filename", "content_type", "raw_base64"}.
func readMultipart(body []byte, boundary, label string) ([]Field, error) {
	boundary = strings.TrimRight(boundary, " \t")
	if boundary == "" {
		return nil, model.NewError(model.CodeMalformedBody, "The Content-Type multipart/form-data has no boundary. Add it.")
	}
	parts, whole, err := splitParts(body, boundary)
	switch {
	case err != nil:
		return nil, err
	case !whole:
		return nil, model.NewError(model.CodeMalformedBody, "The body is not a complete multipart form: its closing boundary is missing.")
	}
	fields := make([]Field, len(parts))
	for i := range parts {
		fields[i] = Field{key: []byte(parts[i].name), value: parts[i].content}
	}
	form := charsetOfForm(fields, label)
	named := partCharsets(parts)
	for i := range parts {
		cs := form
		if own, known := charsetOf(named[parts[i].name]); known {
			cs.instead = own.encoding
		}
		parts[i].fill(&fields[i], cs)
	}
	return fields, nil
}

// partCharsets parses a part named charsets, a JSON object in which mail gateways
// name the charsets of the other parts.
func partCharsets(parts []part) (labels map[string]string) {
	for i := range parts {
		if parts[i].name == "charsets" && !parts[i].isFile && json.Unmarshal(parts[i].content, &labels) == nil {
			return labels
		}
	}
	return nil
}

// boundaryOf is the boundary at the beginning of a body whose Content-Type does
// not name it, for headers written by hand; empty without one.
func boundaryOf(body []byte) string {
	line, _, found := bytes.Cut(body, []byte("\n"))
	boundary, dashed := bytes.CutPrefix(line, []byte("--"))
	if boundary = bytes.TrimRight(boundary, " \t\r"); !found || !dashed || len(boundary) > maxBoundary {
		return ""
	}
	return string(boundary)
}

// maxBoundary is the maximum length of a boundary that is not announced
// (RFC 2046).
const maxBoundary = 70

// fill decodes a part whose raw name and content are in the field. form is the
// charset of parts without their own.
func (p *part) fill(f *Field, form charset) {
	if !p.extendedName {
		f.key = form.field(f.key)
	}
	content := p.decoded()
	media := parseMediaType(p.contentType)
	if p.isFile {
		file := p.file
		if !utf8.ValidString(file) {
			file = string(form.field([]byte(file)))
		}
		out := AppendString([]byte(`{"filename":`), baseName(encodedWords(file)))
		out = AppendString(append(out, `,"content_type":`...), p.contentType)
		out = append(out, ',')
		f.value, f.json = append(out, rawBase64(content)[1:]...), true
		return
	}
	if own := media.charset(); own != "" {
		form, _ = charsetOf(own)
	}
	if !utf8.Valid(content) && (media.isBinary() || form.wide == notWide && bytes.ContainsFunc(content, isBinaryByte)) {
		f.value, f.json = rawBase64(content), true
		return
	}
	f.value = form.field(content)
}

// decoded reverses the Content-Transfer-Encoding that mail libraries add. Content
// that is not in that encoding stays unchanged.
func (p *part) decoded() []byte {
	switch p.transfer {
	case "base64":
		compact := bytes.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, p.content)
		plain := make([]byte, base64.StdEncoding.DecodedLen(len(compact)))
		if n, err := base64.StdEncoding.Decode(plain, compact); err == nil {
			return plain[:n]
		}
	case "quoted-printable":
		if plain, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(p.content))); err == nil {
			return plain
		}
	}
	return p.content
}
