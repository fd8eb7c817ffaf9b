package wire

import (
	"encoding/json"
	"time"

	"maestro/internal/model"
)

// Outcome is the end of an outer call: what it comes to, or why it was not begun.
type Outcome struct {
	Number uint64
	model.Outcome
	// Refused says that the call was not begun.
	Refused *Refusal
	// Goes says that its code goes on, and that KindLeft follows when it has ended.
	Goes bool
}

// Refusal is an *model.Error as far as a lane's refusals have it.
type Refusal struct {
	Code       model.Code
	Detail     string
	RetryAfter time.Duration
}

// Frame encodes o.
func (o *Outcome) Frame() *Frame {
	f := New(KindOutcome)
	f.Uint(o.Number)
	f.Bool(o.Goes)
	f.Bool(o.Refused != nil)
	if o.Refused != nil {
		f.Text(string(o.Refused.Code))
		f.Text(o.Refused.Detail)
		f.Int(int64(o.Refused.RetryAfter))
		return f
	}
	f.Bytes(o.Output)
	f.Bool(o.Bytes)
	f.Bool(o.Response != nil) // the output says the rest
	f.failure(o.Failure)
	f.Int(o.Omitted.Lines)
	f.Int(o.Omitted.Bytes)
	return f
}

// ReadOutcome decodes a frame of KindOutcome.
func ReadOutcome(f Fields) (o Outcome, err error) {
	o.Number = f.Uint()
	o.Goes = f.Bool()
	if f.Bool() {
		o.Refused = &Refusal{Code: model.Code(f.Text()), Detail: f.Text(), RetryAfter: time.Duration(f.Int())}
		return o, f.Err()
	}
	o.Output = f.Bytes()
	o.Bytes = f.Bool()
	response := f.Bool()
	o.Failure = f.failure()
	o.Omitted = model.Omission{Lines: f.Int(), Bytes: f.Int()}
	if err := f.Err(); err != nil {
		return o, err
	}
	if response {
		o.Response = new(model.Response)
		if json.Unmarshal(o.Output, o.Response) != nil {
			return o, ErrMalformed
		}
	}
	return o, nil
}

func (f *Frame) failure(failure *model.Failure) {
	if failure == nil {
		f.Uint(0)
		return
	}
	f.Uint(uint64(failure.Kind))
	f.Text(failure.Type)
	f.Texts(failure.Classes)
	f.Text(failure.Message)
	f.Text(failure.Traceback)
	f.problems(failure.Problems)
}

func (f *Fields) failure() *model.Failure {
	kind := f.Uint()
	if kind == 0 {
		return nil
	}
	if kind > 255 {
		f.fail()
		return nil
	}
	return &model.Failure{
		Kind: model.FailureKind(kind), Type: f.Text(), Classes: f.Texts(), Message: f.Text(), Traceback: f.Text(), Problems: f.problems(),
	}
}

func (f *Frame) problems(problems []model.Problem) {
	f.Uint(uint64(len(problems)))
	for _, p := range problems {
		f.Text(p.Pointer)
		f.Int(int64(p.Line))
		f.Int(int64(p.Column))
		f.Text(p.Message)
	}
}

func (f *Fields) problems() []model.Problem {
	count := f.Uint()
	if count == 0 || count > mostItems || count > uint64(len(f.rest)) { // each takes a byte at least
		if count != 0 {
			f.fail()
		}
		return nil
	}
	problems := make([]model.Problem, count)
	for i := range problems {
		problems[i] = model.Problem{Pointer: f.Text(), Line: int(f.Int()), Column: int(f.Int()), Message: f.Text()}
	}
	return problems
}
