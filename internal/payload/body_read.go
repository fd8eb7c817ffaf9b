package payload

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"maestro/internal/model"
	"maestro/internal/schema"
)

var emptyObject = []byte("{}")

// Body is a parsed body: JSON, or the fields of a form, which the caller appends
// because a schema may declare other types than text.
type Body struct {
	JSON   []byte // new, or a part of the body; nil for a form
	Fields []Field
	IsForm bool
}

// ReadBody parses a body by its Content-Type. JSON and forms are parsed, other
// text becomes {"raw": …}, binary {"raw_base64": …}, no body {}. The
// error is an *model.Error with CodeMalformedBody, CodeBadRequest or
// CodeInputInvalid.
func ReadBody(contentType string, body []byte) (Body, error) {
	if len(body) == 0 {
		return Body{JSON: emptyObject}, nil
	}
	if contentType == "application/json" { // the common case, without parsing
		return jsonBody(body, "")
	}
	media := parseMediaType(contentType)
	switch {
	case media.isJSON():
		return jsonBody(body, media.charset())
	case media.mayBeJSON():
		if text, ok := looksLikeJSON(body, media.charset()); ok {
			return Body{JSON: text}, nil
		}
	}
	var fields []Field
	var err error
	switch {
	case media.name == mediaForm:
		fields, err = readForm(body, media.charset())
	case media.name == mediaMultipart:
		boundary, found := valueOf(media.parameters, "boundary")
		if !found {
			boundary = boundaryOf(body)
		}
		fields, err = readMultipart(body, boundary, media.charset())
	case media.isBinary():
		return Body{JSON: rawBase64(body)}, nil
	default:
		return Body{JSON: media.rawText(body)}, nil
	}
	return Body{Fields: fields, IsForm: true}, err
}

// jsonBody parses a body whose Content-Type is JSON.
func jsonBody(body []byte, label string) (Body, error) {
	body = jsonText(body, label)
	if len(body) < 64 && len(bytes.TrimSpace(body)) == 0 {
		return Body{JSON: emptyObject}, nil
	}
	if err := CheckJSON(body, model.CodeInputInvalid); err != nil {
		if len(bytes.TrimSpace(body)) == 0 {
			return Body{JSON: emptyObject}, nil
		}
		return Body{}, err
	}
	return Body{JSON: body}, nil
}

// jsonText converts JSON to UTF-8: by its byte order mark, by the zeros of UTF-16
// and UTF-32, or by the declared charset. A charset that accepts all bytes, such
// as ISO-8859-1, is used only for invalid UTF-8, because many senders declare it
// for UTF-8.
func jsonText(body []byte, label string) []byte {
	if body[0] > ' ' && body[0] < utf8.RuneSelf && label == "" && (len(body) == 1 || body[1] != 0) {
		return body // the common case
	}
	marked := bytes.HasPrefix(body, byteOrder)
	for bytes.HasPrefix(body, byteOrder) {
		body = body[len(byteOrder):] // some shells add a second one
	}
	if len(body) == 0 {
		return body
	}
	if form := wideOf(body); form != notWide {
		if plain, valid := form.decode(body); valid {
			return plain
		}
	}
	if label == "" {
		return body
	}
	cs, known := charsetOf(label)
	if !known || (marked || !cs.isSelective()) && utf8.Valid(body) {
		return body
	}
	if plain, valid := cs.decode(body); valid {
		return plain
	}
	return body
}

// looksLikeJSON returns an object or array in a body without a JSON type.
func looksLikeJSON(body []byte, label string) ([]byte, bool) {
	text := jsonText(body, label)
	start := bytes.TrimLeft(text, " \t\r\n")
	return text, len(start) > 0 && (start[0] == '{' || start[0] == '[') && schema.Scan(text) == nil
}

// rawText is text as {"raw": …}; bytes that are invalid in the declared charset
// are treated as binary.
func (m *mediaType) rawText(body []byte) []byte {
	text, valid := m.text(body)
	if !valid {
		return rawBase64(body)
	}
	out := append(make([]byte, 0, len(text)+len(text)/8+16), `{"raw":`...)
	return append(AppendString(out, text), '}')
}

func rawBase64(body []byte) []byte {
	out := append(make([]byte, 0, base64.StdEncoding.EncodedLen(len(body))+20), `{"raw_base64":"`...)
	return append(base64.StdEncoding.AppendEncode(out, body), `"}`...)
}

// baseName is the last part of a path with slashes, so that a function that stores
// a file by its name does not use folders of the sender.
func baseName(file string) string {
	whole := strings.TrimRight(file, "/")
	if whole == "" {
		return file
	}
	return whole[strings.LastIndexByte(whole, '/')+1:]
}
