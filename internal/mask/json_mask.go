package mask

import (
	"bytes"
	"encoding/json"
)

// JSON masks a JSON value: its strings, in every escaping, and its numbers, which
// become the stars as a string. A secret that is JSON itself may span several
// values; they become the stars together. A value without a secret is returned
// unchanged (Untouched).
func (m *Mask) JSON(value []byte) []byte {
	if m == nil {
		return value
	}
	start, _ := m.forms.find(value, 0)
	if start < 0 && len(m.whole) == 0 && bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	result := m.tokens(value)
	if m.spanning {
		if start, _ := m.forms.find(result, 0); start >= 0 {
			return []byte(`"` + stars + `"`)
		}
	}
	return result
}

// tokens masks each scalar of a JSON value by itself.
func (m *Mask) tokens(value []byte) []byte {
	var out []byte
	done := 0 // the part of value copied to out; while out is nil, nothing has changed
	replace := func(from, to int, by []byte) {
		if by == nil {
			return
		}
		if out == nil {
			out = make([]byte, 0, len(value))
		}
		out = append(append(out, value[done:from]...), by...)
		done = to
	}
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case c == '"':
			end, escaped := stringEnd(value, i)
			replace(i, end, m.quoted(value[i:end], escaped))
			i = end
		case c == '-' || c >= '0' && c <= '9':
			end := numberEnd(value, i)
			if start, _ := m.forms.find(value[i:end], 0); start >= 0 {
				replace(i, end, []byte(`"`+stars+`"`))
			}
			i = end
		default:
			i++
		}
	}
	if out == nil {
		return value
	}
	return append(out, value[done:]...)
}

// quoted masks a JSON string with its quotation marks; nil means that there is
// nothing to mask.
func (m *Mask) quoted(text []byte, escaped bool) []byte {
	if len(text) < 2 {
		return nil // truncated: not JSON
	}
	plain := text[1 : len(text)-1]
	if escaped {
		var ok bool
		if plain, ok = unescaped(plain); !ok {
			return nil
		}
	}
	if _, short := m.whole[string(plain)]; short {
		return []byte(`"` + stars + `"`)
	}
	start, end := m.forms.find(plain, 0)
	if start < 0 {
		return nil
	}
	masked := m.forms.replace(plain, start, end)
	if escaped {
		quoted, _ := json.Marshal(string(masked)) // text can always be encoded
		return quoted
	}
	return append(append([]byte{'"'}, masked...), '"')
}

// unescaped decodes the inside of a JSON string. It decodes the simple escapes,
// the most frequent ones, itself.
func unescaped(text []byte) (plain []byte, ok bool) {
	plain = make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			plain = append(plain, c)
			continue
		}
		if i++; i == len(text) {
			return nil, false
		}
		if text[i] == 'u' {
			var decoded string
			err := json.Unmarshal(append(append([]byte{'"'}, text...), '"'), &decoded)
			return []byte(decoded), err == nil
		}
		at := bytes.IndexByte([]byte(`"\/bfnrt`), text[i])
		if at < 0 {
			return nil, false
		}
		plain = append(plain, "\"\\/\b\f\n\r\t"[at])
	}
	return plain, true
}

// stringEnd is the end of the JSON string that begins at i, behind its
// quotation mark.
func stringEnd(value []byte, i int) (end int, escaped bool) {
	for i++; i < len(value); i++ {
		switch value[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			return i + 1, escaped
		}
	}
	return len(value), escaped
}

func numberEnd(value []byte, i int) int {
	for i < len(value) && bytes.IndexByte([]byte("+-.0123456789eE"), value[i]) >= 0 {
		i++
	}
	return i
}
