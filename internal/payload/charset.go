package payload

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// charset is the encoding of text. The zero value is UTF-8.
type charset struct {
	encoding encoding.Encoding // of the WHATWG list, nil for those below
	wide     wide
	instead  encoding.Encoding // for invalid text in a form, before windows-1252; nil for none
}

var byteOrder = []byte("\xef\xbb\xbf")

// IsCharset reports whether label names a charset.
func IsCharset(label string) bool {
	_, known := charsetOf(label)
	return known
}

// charsetOf finds a charset by its names in the WHATWG list, or UTF-32, which is
// not in the list. An unknown name means UTF-8.
func charsetOf(label string) (cs charset, known bool) {
	label = strings.ToLower(strings.Trim(label, " \t\r\n\"'"))
	if end := strings.IndexAny(label, " ,;"); end > 0 {
		label = label[:end]
	}
	switch label {
	case "":
		return charset{}, false
	case "utf-8", "utf8":
		return charset{}, true
	case "utf-16", "ucs-2", "unicode", "csunicode", "iso-10646-ucs-2":
		return charset{wide: utf16Unmarked}, true
	case "utf-32", "ucs-4", "iso-10646-ucs-4":
		return charset{wide: utf32Unmarked}, true
	case "utf-32le":
		return charset{wide: utf32Little}, true
	case "utf-32be":
		return charset{wide: utf32Big}, true
	}
	found, err := htmlindex.Get(label)
	if err != nil {
		return charset{}, false
	}
	switch name, _ := htmlindex.Name(found); name {
	case "utf-8":
		return charset{}, true
	case "utf-16le":
		return charset{wide: utf16Little}, true
	case "utf-16be":
		return charset{wide: utf16Big}, true
	case "replacement": // for encodings that browsers refuse: its decoder loses the text
		return charset{}, false
	}
	return charset{encoding: found}, true
}

// isSelective reports whether most byte sequences are invalid in the charset, as
// in multi-byte charsets, so that a valid text is very likely in this charset.
func (cs charset) isSelective() bool {
	_, oneByte := cs.encoding.(*charmap.Charmap)
	return cs.encoding != nil && !oneByte
}

// decode returns the text without its byte order mark; valid is false when the
// bytes are invalid in the charset.
func (cs charset) decode(text []byte) (plain []byte, valid bool) {
	if rest, marked := bytes.CutPrefix(text, byteOrder); marked && utf8.Valid(rest) {
		return rest, true
	}
	switch {
	case cs.wide != notWide:
		return cs.wide.decode(text)
	case cs.encoding == nil:
		return text, utf8.Valid(text)
	}
	plain, err := cs.encoding.NewDecoder().Bytes(text)
	return plain, err == nil && !bytes.ContainsRune(plain, utf8.RuneError)
}

// field is decode for a name or value of a form, which must not be lost: invalid
// text is decoded as windows-1252. Only percent-encoded parts of a form, or the
// whole body, are in UTF-16.
func (cs charset) field(text []byte) []byte {
	if cs.wide != notWide && bytes.IndexByte(text, 0) < 0 {
		cs = charset{}
	}
	if cs.encoding == nil && cs.wide == notWide { // in a form, a mark at the beginning of a value belongs to the value
		if utf8.Valid(text) {
			return text
		}
		if cs.instead == nil {
			return windows1252(text)
		}
		cs = charset{encoding: cs.instead}
	}
	if plain, valid := cs.decode(text); valid {
		return plain
	}
	return windows1252(text)
}

// windows1252 decodes each byte as a character. The five bytes without a character
// are the control characters of that number, as in browsers.
func windows1252(text []byte) []byte {
	plain := make([]byte, 0, len(text)+8)
	for _, b := range text {
		r := charmap.Windows1252.DecodeByte(b)
		if r == utf8.RuneError {
			r = rune(b)
		}
		plain = utf8.AppendRune(plain, r)
	}
	return plain
}

// text decodes a text body. Bytes that are invalid in the declared charset are
// binary. Without a declared charset it is UTF-8, UTF-16 with a mark, or the
// charset of an XML declaration.
func (m *mediaType) text(body []byte) (plain []byte, valid bool) {
	cs, declared := charsetOf(m.charset())
	if declared {
		return cs.decode(body)
	}
	if plain, valid = cs.decode(body); valid {
		return plain, true
	}
	if marked := markOf(body); marked != notWide {
		plain, valid = marked.decode(body)
		return plain, valid && !bytes.ContainsFunc(plain, isBinaryByte)
	}
	if m.isXML() {
		if cs, declared = charsetOf(xmlEncoding(body)); declared {
			return cs.decode(body)
		}
	}
	return body, false
}

// isBinaryByte reports whether text never contains the byte (the WHATWG MIME
// Sniffing standard).
func isBinaryByte(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\f' && r != '\r' && r != 0x1b
}

// xmlEncoding parses <?xml … encoding="…"?>.
func xmlEncoding(body []byte) string {
	head := body[:min(len(body), 256)]
	declaration, _, found := bytes.Cut(head, []byte("?>"))
	if !found || !bytes.HasPrefix(declaration, []byte("<?xml")) {
		return ""
	}
	_, rest, found := bytes.Cut(declaration, []byte("encoding"))
	if !found {
		return ""
	}
	label, found := bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("="))
	if !found {
		return ""
	}
	label = bytes.TrimLeft(label, " \t\r\n")
	if len(label) == 0 || label[0] != '"' && label[0] != '\'' {
		return ""
	}
	label, _, _ = bytes.Cut(label[1:], label[:1])
	return string(label)
}

var errUnknownCharset = errors.New("unknown charset")

// charsetReader decodes charsets for package mime.
func charsetReader(label string, input io.Reader) (io.Reader, error) {
	cs, known := charsetOf(label)
	text, err := io.ReadAll(input)
	if !known || err != nil {
		return nil, errors.Join(errUnknownCharset, err)
	}
	return bytes.NewReader(cs.field(text)), nil
}
