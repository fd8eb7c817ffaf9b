package wire

import (
	"maestro/internal/model"
)

// Call has a child run an outer call.
type Call struct {
	Number  uint64
	Program Program
	Input   []byte
	Request bool // the input has the shape of a request
	Run     model.RunFrame
}

// Program is a program: whole when it is sent to a child for the first time, and only
// its key and its function's name afterwards.
type Program struct {
	Key   uint64
	Whole *model.Program // nil: the child has it
}

func (f *Frame) program(p Program) {
	f.Uint(p.Key)
	f.Bool(p.Whole != nil)
	if p.Whole == nil {
		return
	}
	f.Text(p.Whole.Function)
	f.Int(int64(p.Whole.Version))
	f.Text(p.Whole.Source)
	f.Bytes(p.Whole.Code)
	f.Bool(p.Whole.Async)
	f.Bool(p.Whole.Generator)
	f.Texts(p.Whole.Imports)
}

func (f *Fields) program() Program {
	p := Program{Key: f.Uint()}
	if f.Bool() {
		p.Whole = &model.Program{
			Key: p.Key, Function: f.Text(), Version: int(f.Int()), Source: f.Text(), Code: f.Bytes(), Async: f.Bool(), Generator: f.Bool(), Imports: f.Texts(),
		}
	}
	return p
}

// Frame encodes c.
func (c *Call) Frame() *Frame {
	f := New(KindCall)
	f.Uint(c.Number)
	f.program(c.Program)
	f.Bytes(c.Input)
	f.Bool(c.Request)
	f.id(c.Run.ExecutionID)
	f.Text(string(c.Run.Trigger))
	f.Int(int64(c.Run.Attempt))
	f.Time(c.Run.Deadline)
	f.Int(int64(c.Run.MaxSteps))
	f.span(&c.Run.Span)
	f.Bool(c.Run.Stream)
	f.Uint(c.Run.Generation)
	f.Uint(c.Run.Changes)
	return f
}

// ReadCall decodes a frame of KindCall. The subtenant of the run is not in it.
func ReadCall(f Fields) (c Call, err error) {
	c.Number = f.Uint()
	c.Program = f.program()
	c.Input = f.Bytes()
	c.Request = f.Bool()
	c.Run = model.RunFrame{
		ExecutionID: f.id(), Trigger: model.Trigger(f.Text()), Attempt: int(f.Int()), Deadline: f.Time(), MaxSteps: int(f.Int()),
		Span: f.span(), Stream: f.Bool(), Generation: f.Uint(), Changes: f.Uint(),
	}
	return c, f.Err()
}

// span writes what a child needs of a span: all but its parent.
func (f *Frame) span(span *model.Span) {
	f.Bool(span.Traced())
	if span.Traced() {
		f.bytes = append(append(append(f.bytes, span.Trace[:]...), span.ID[:]...), span.Flags)
	}
}

func (f *Fields) span() (span model.Span) {
	if f.Bool() {
		copy(span.Trace[:], f.cut(uint64(len(span.Trace))))
		copy(span.ID[:], f.cut(uint64(len(span.ID))))
		flags := [1]byte{}
		copy(flags[:], f.cut(1))
		span.Flags = flags[0]
	}
	return span
}

func (f *Frame) id(id model.ID) { f.bytes = append(f.bytes, id[:]...) }

func (f *Fields) id() (id model.ID) {
	copy(id[:], f.cut(uint64(len(id))))
	return id
}
