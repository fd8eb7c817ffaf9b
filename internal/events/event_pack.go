package events

import (
	"encoding/binary"
	"time"

	"maestro/internal/model"
)

// pack appends the event in a form without pointers, which the garbage
// collector passes over: all but its tenant and execution, which its log
// knows. unpack reads it.
func (e *Event) pack(to []byte) []byte {
	text, cut := cutText(e.Text)
	to = binary.AppendVarint(to, e.At.UnixNano())
	to = appendText(to, e.Name)
	to = append(to, e.StepID[:]...)
	if e.Name == FunctionCalled {
		to = append(to, e.ParentID[:]...)
	}
	to = appendText(to, e.Function)
	to = binary.AppendVarint(to, int64(e.Version))
	to = appendText(to, string(e.Status))
	to = binary.AppendVarint(to, int64(e.Duration))
	to = appendText(to, e.ErrorType)
	to = appendText(to, e.Stream)
	to = appendText(to, e.Level)
	to = appendText(to, text)
	to = binary.AppendVarint(to, int64(cut+e.cut))
	if len(e.Fields) > maxText {
		return appendText(to, "")
	}
	return appendText(to, string(e.Fields))
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// unpack reads the first event of what pack wrote, and nothing else.
func unpack(from []byte) (Event, []byte) {
	var e Event
	number := func() int64 {
		n, size := binary.Varint(from)
		from = from[size:]
		return n
	}
	text := func() string {
		n, size := binary.Uvarint(from)
		s := string(from[size : size+int(n)])
		from = from[size+int(n):]
		return s
	}
	e.At = time.Unix(0, number())
	e.Name = text()
	copy(e.StepID[:], from)
	from = from[len(e.StepID):]
	if e.Name == FunctionCalled {
		copy(e.ParentID[:], from)
		from = from[len(e.ParentID):]
	}
	e.Function = text()
	e.Version = int(number())
	e.Status = model.Status(text())
	e.Duration = time.Duration(number())
	e.ErrorType = text()
	e.Stream = text()
	e.Level = text()
	e.Text = text()
	e.cut = int(number())
	if fields := text(); fields != "" {
		e.Fields = []byte(fields)
	}
	return e, from
}
