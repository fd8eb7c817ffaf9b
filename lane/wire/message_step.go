package wire

import (
	"time"

	"maestro/internal/model"
)

// StepBeganFrame encodes a step's beginning.
func StepBeganFrame(call uint64, s *model.StepBegan) *Frame {
	f := New(KindStepBegan)
	f.Uint(call)
	f.Uint(uint64(s.Step))
	f.Uint(uint64(s.Parent))
	f.Text(s.Function)
	f.Int(int64(s.Version))
	f.Time(s.Started)
	f.Bytes(s.Input)
	return f
}

// ReadStepBegan decodes a frame of KindStepBegan.
func ReadStepBegan(f Fields) (call uint64, s model.StepBegan, err error) {
	call = f.Uint()
	s = model.StepBegan{
		Step: f.step(), Parent: f.step(), Function: f.Text(), Version: int(f.Int()), Started: f.Time(), Input: f.Bytes(),
	}
	return call, s, f.Err()
}

func (f *Fields) step() model.StepRef {
	n := f.Uint()
	if n > 1<<32-1 {
		f.fail()
	}
	return model.StepRef(n)
}

// StepEndedFrame encodes a step's end.
func StepEndedFrame(call uint64, s *model.StepEnded) *Frame {
	f := New(KindStepEnded)
	f.Uint(call)
	f.Uint(uint64(s.Step))
	f.Int(int64(s.Duration))
	f.Bytes(s.Output)
	f.failure(s.Failure)
	f.Bool(s.Late)
	return f
}

// ReadStepEnded decodes a frame of KindStepEnded.
func ReadStepEnded(f Fields) (call uint64, s model.StepEnded, err error) {
	call = f.Uint()
	s = model.StepEnded{Step: f.step(), Duration: time.Duration(f.Int()), Output: f.Bytes(), Failure: f.failure(), Late: f.Bool()}
	return call, s, f.Err()
}

// LineFrame encodes a line of a call's output.
func LineFrame(call uint64, step model.StepRef, line *model.LogLine) *Frame {
	f := New(KindLine)
	f.Uint(call)
	f.Uint(uint64(step))
	f.line(line)
	return f
}

// ReadLine decodes a frame of KindLine.
func ReadLine(f Fields) (call uint64, step model.StepRef, line model.LogLine, err error) {
	call, step = f.Uint(), f.step()
	line = f.line()
	return call, step, line, f.Err()
}

// TenantLineFrame encodes a line that was written outside any call.
func TenantLineFrame(line *model.LogLine) *Frame {
	f := New(KindTenantLine)
	f.line(line)
	return f
}

// ReadTenantLine decodes a frame of KindTenantLine.
func ReadTenantLine(f Fields) (model.LogLine, error) {
	line := f.line()
	return line, f.Err()
}

func (f *Frame) line(line *model.LogLine) {
	f.Time(line.Time)
	f.Text(line.Stream)
	f.Text(line.Level)
	f.Text(line.Text)
	f.Bytes(line.Fields)
}

func (f *Fields) line() model.LogLine {
	return model.LogLine{Time: f.Time(), Stream: f.Text(), Level: f.Text(), Text: f.Text(), Fields: f.Bytes()}
}
