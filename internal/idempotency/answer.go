package idempotency

import (
	"encoding/binary"
	"encoding/json"
	"errors"

	"maestro/internal/model"
)

// Answer is the response for repeats. Several repeats may share it: it is read
// only.
type Answer struct {
	Status      int
	Headers     [][2]string // names and values in their order
	Body        []byte
	ExecutionID model.ID // of its run; set by Begin
}

var errNoAnswer = errors.New("not an answer")

// encode puts the headers, as JSON with their length in front, before the
// body. The status has a column of its own.
func (a *Answer) encode() []byte {
	headers, _ := json.Marshal(a.Headers) // texts can always be encoded
	all := binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen64+len(headers)+len(a.Body)), uint64(len(headers)))
	return append(append(all, headers...), a.Body...)
}

func decode(all []byte) (*Answer, error) {
	length, n := binary.Uvarint(all)
	if n <= 0 || length > uint64(len(all)-n) {
		return nil, errNoAnswer
	}
	all = all[n:]
	var a Answer
	if err := json.Unmarshal(all[:length], &a.Headers); err != nil {
		return nil, errNoAnswer
	}
	a.Body = all[length:]
	return &a, nil
}
