package mask

import (
	"slices"
	"unicode/utf8"
)

// minCharacters is the length from which a value is masked at every place (the
// contract, Secrets). A shorter value would mask ordinary text.
const minCharacters = 8

const stars = "***"

// Mask replaces its values. It is immutable and safe for concurrent use. A nil
// *Mask changes nothing.
type Mask struct {
	forms    finder
	spanning bool                // a form can span several JSON values
	whole    map[string]struct{} // short values, masked where they are the whole of a JSON string
}

// New makes the mask of values, without those of fewer than eight characters. It
// is nil when none remains.
func New(values []string) *Mask {
	if len(values) == 0 {
		return nil
	}
	m := &Mask{}
	for _, value := range values {
		m.add(value)
	}
	return m.ready()
}

// NewWhole is New, but also masks short values where they are a whole JSON string,
// like the value of a header.
func NewWhole(values []string) *Mask {
	if len(values) == 0 {
		return nil // most runs; a Mask takes some kilobytes
	}
	m := &Mask{}
	for _, value := range values {
		if value != "" && !long(value) {
			if m.whole == nil {
				m.whole = map[string]struct{}{}
			}
			m.whole[value] = struct{}{}
		}
		m.add(value)
	}
	return m.ready()
}

func long(value string) bool { return utf8.RuneCountInString(value) >= minCharacters }

func (m *Mask) add(value string) {
	if !long(value) {
		return
	}
	for _, form := range formsOf(value) {
		m.forms.add(form)
		m.spanning = m.spanning || canSpan(form)
	}
}

func (m *Mask) ready() *Mask {
	if len(m.forms.byStart) == 0 && len(m.whole) == 0 {
		return nil
	}
	for _, forms := range m.forms.byStart {
		slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	}
	return m
}

// Text masks plain text.
func (m *Mask) Text(s string) string {
	if m == nil {
		return s
	}
	text := bytesOf(s)
	start, end := m.forms.find(text, 0)
	if start < 0 {
		return s
	}
	return string(m.forms.replace(text, start, end))
}

// Untouched reports whether JSON has returned its argument unchanged.
func Untouched(masked, value []byte) bool {
	return len(masked) == len(value) && (len(value) == 0 || &masked[0] == &value[0])
}
