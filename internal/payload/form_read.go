package payload

import (
	"bytes"

	"maestro/internal/model"
)

// MaxFields is how many fields a query or a form may have.
const MaxFields = 10_000

// Field is a decoded field of a query or a form.
type Field struct {
	key   []byte
	value []byte // text, unless json
	json  bool   // value is JSON already
	next  int    // the next field of the same key; 0 ends the list
	later bool   // another field of the same key comes before
}

// ReadQuery parses a query into a slice that may be on the stack of the caller.
func ReadQuery(into []Field, query []byte) ([]Field, error) {
	return splitFields(into, query, "")
}

// readForm parses application/x-www-form-urlencoded. A body in UTF-16 is converted
// first.
func readForm(body []byte, label string) ([]Field, error) {
	if form := wideOf(body); form != notWide {
		if plain, valid := form.decode(body); valid {
			body = plain
		}
	}
	return splitFields(nil, bytes.TrimPrefix(body, byteOrder), label)
}

func splitFields(into []Field, text []byte, label string) ([]Field, error) {
	for len(text) > 0 {
		var field []byte
		field, text, _ = bytes.Cut(text, []byte("&"))
		if len(field) == 0 {
			continue
		}
		if len(into) == MaxFields {
			return nil, tooManyFields()
		}
		key, value, _ := bytes.Cut(field, []byte("="))
		into = append(into, Field{key: unescaped(key, true), value: unescaped(value, true)})
	}
	cs := charsetOfForm(into, label)
	for i := range into {
		into[i].key, into[i].value = cs.field(into[i].key), cs.field(into[i].value)
	}
	return into, nil
}

func tooManyFields() *model.Error {
	return model.NewError(model.CodeBadRequest, "The query or form has more than %d fields. Send fewer.", MaxFields)
}

// charsetOfForm is the charset in the hidden field _charset_ of a form (HTML), or
// the declared one, or UTF-8. Text that is invalid in UTF-8 uses the charset in a
// field named charset, as payment providers send it.
func charsetOfForm(fields []Field, label string) charset {
	cs, declared := charsetOf(label)
	for i := range fields {
		switch key := fields[i].key; {
		case len(key) == 9 && string(key) == "_charset_":
			if own, known := charsetOf(string(fields[i].value)); known {
				return own
			}
		case len(key) == 7 && !declared && cs.instead == nil && string(key) == "charset":
			if own, known := charsetOf(string(fields[i].value)); known {
				cs.instead = own.encoding
			}
		}
	}
	return cs
}

// unescaped decodes %XX, and + in forms. A % without an escape stays, and the rest
// is decoded (the WHATWG URL standard). The result is text itself when there is
// nothing to decode.
func unescaped(text []byte, plus bool) []byte {
	if bytes.IndexByte(text, '%') < 0 && (!plus || bytes.IndexByte(text, '+') < 0) {
		return text
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case b == '+' && plus:
			b = ' '
		case b == '%' && i+2 < len(text):
			high, low := hexValue(text[i+1]), hexValue(text[i+2])
			if high < 16 && low < 16 {
				b = high<<4 | low
				i += 2
			}
		}
		plain = append(plain, b)
	}
	return plain
}

// Unescaped decodes a segment of a path.
func Unescaped(segment []byte) []byte { return charset{}.field(unescaped(segment, false)) }

// hexValue is above 15 for a byte that is not a hexadecimal digit.
func hexValue(digit byte) byte {
	switch {
	case digit >= '0' && digit <= '9':
		return digit - '0'
	case digit|0x20 >= 'a' && digit|0x20 <= 'f':
		return digit | 0x20 - 'a' + 10
	default:
		return 16
	}
}
