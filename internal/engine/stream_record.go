package engine

import (
	"encoding/json"
	"slices"

	"maestro/internal/model"
)

// output is the array of the items, or the response around it; only its start where it is
// longer than a record. size is its whole length.
func (s *Stream) output() (value json.RawMessage, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, size = s.items.value()
	if s.head.StatusCode == 0 {
		return value, size
	}
	if size > len(value) {
		return value, size
	}
	response, err := json.Marshal(model.Response{StatusCode: s.head.StatusCode, Headers: s.head.Headers, Body: value})
	if err != nil {
		return value, size
	}
	return response, len(response)
}

// startKept is more than the marker of a cut value shows of its start.
const startKept = 4 << 10

// array is a JSON array that grows.
type array struct {
	whole bool // kept whole, however long it is
	text  []byte
	size  int
}

func (a *array) add(item []byte) {
	a.size += len(item) + 1
	if !a.whole && a.size > 2*model.MaxRecorded && len(a.text) > startKept {
		return
	}
	if a.text == nil {
		a.text = append(a.text, '[')
	} else {
		a.text = append(a.text, ',')
	}
	a.text = append(a.text, item...)
}

// value returns the array, or, where it was too long, its start; and its size.
func (a *array) value() (json.RawMessage, int) {
	if a.size == 0 {
		return json.RawMessage("[]"), 2
	}
	return append(slices.Clip(a.text), ']'), a.size + 1
}

// recorded is the output as it goes into the record, also of a run that failed.
func (s *Stream) recorded(veil veil) (kept []byte, complete bool) {
	value, size := s.output()
	if size == len(value) {
		return veil.recorded(value)
	}
	return model.CutStart(veil.json(value), size), false
}
