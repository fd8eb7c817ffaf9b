package mask

import (
	"slices"
	"unicode/utf8"
)

// minCharacters is the length from which a value is masked wherever it stands
// (the contract, Secrets). A shorter one would turn ordinary text into
// asterisks.
const minCharacters = 8

const stars = "***"

// Mask replaces the values that it was made for. It never changes and may be
// used by any number of goroutines. A nil *Mask leaves everything as it is.
type Mask struct {
	forms    finder
	spanning bool                // a form can stretch over several JSON values
	whole    map[string]struct{} // short values, masked where they are the whole of a JSON string
}

// New makes the mask of values; those of less than eight characters are left
// out. It is nil when none remains.
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

// NewWhole is New, but a short value is masked too: where it is the whole of a
// JSON string, as the value of a header is.
func NewWhole(values []string) *Mask {
	if len(values) == 0 {
		return nil // most runs: a Mask is some kilobytes
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

// Untouched reports whether JSON gave back the very value that it got.
func Untouched(masked, value []byte) bool {
	return len(masked) == len(value) && (len(value) == 0 || &masked[0] == &value[0])
}
