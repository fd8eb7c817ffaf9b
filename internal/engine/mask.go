package engine

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// minSecret is the length, in bytes, from which a value is masked wherever it
// stands. A shorter one would turn ordinary text into asterisks: it is masked
// only where it is the whole of a JSON string, as a header's value is.
const minSecret = 8

const stars = "***"

// mask replaces secret values in what is recorded and logged. It looks for the
// values themselves, wherever a function may have put them: in a sibling's
// input, a message, a line of output. A nil *mask leaves everything as it is.
type mask struct {
	plain  []string // longest first: a value may be part of another
	quoted [][]byte // the same, as they stand within a JSON string
	whole  [][]byte // short ones, as JSON strings with their quotation marks
}

func newMask(values []string) *mask {
	m := &mask{}
	for _, value := range values {
		text, err := json.Marshal(value)
		if value == "" || err != nil {
			continue
		}
		if len(value) < minSecret {
			m.whole = append(m.whole, text, []byte(`"`+value+`"`)) // Marshal escapes &, < and >, others don't
			continue
		}
		m.plain = append(m.plain, value)
		m.quoted = append(m.quoted, []byte(value))
		if form := text[1 : len(text)-1]; string(form) != value {
			m.quoted = append(m.quoted, form)
		}
	}
	if len(m.plain) == 0 && len(m.whole) == 0 {
		return nil
	}
	slices.SortFunc(m.plain, func(a, b string) int { return len(b) - len(a) })
	slices.SortFunc(m.quoted, func(a, b []byte) int { return len(b) - len(a) })
	return m
}

// text masks plain text.
func (m *mask) text(s string) string {
	if m == nil {
		return s
	}
	for _, value := range m.plain {
		s = strings.ReplaceAll(s, value, stars)
	}
	return s
}

// json masks within JSON. Where a value stands elsewhere than within a string
// (a secret of digits equals a number) and the result would not be JSON any
// more, all of it becomes the stars.
func (m *mask) json(value []byte) []byte {
	if m == nil {
		return value
	}
	result := value
	for _, text := range m.whole {
		if bytes.Contains(result, text) {
			result = bytes.ReplaceAll(result, text, []byte(`"`+stars+`"`))
		}
	}
	for _, form := range m.quoted {
		if bytes.Contains(result, form) {
			result = bytes.ReplaceAll(result, form, []byte(stars))
		}
	}
	if !untouched(result, value) && !json.Valid(result) {
		return []byte(`"` + stars + `"`)
	}
	return result
}

// untouched reports whether json gave back the very value that it got.
func untouched(masked, value []byte) bool {
	return len(masked) == len(value) && (len(value) == 0 || &masked[0] == &value[0])
}
