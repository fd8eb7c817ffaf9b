package engine

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"maestro/internal/calltree"
	"maestro/internal/model"
	"maestro/internal/schema"
)

// A child that runs a subtenant's code is not trusted: an extension module can write
// any bytes to its socket. An error of these methods has the child killed, so they
// refuse only reports that no honest child makes; the run's record stays a tree.

// absurd is how far a child's clock may differ from the run's own times: clocks are
// set while servers run.
const absurd = time.Hour

// StepBegan implements model.RemoteHost.
func (r *run) StepBegan(began model.StepBegan) error {
	f := r.reported(began.Function, began.Version)
	if f == nil {
		return fmt.Errorf("step %d calls version %d of %.80q, which the subtenant does not have", began.Step, began.Version, began.Function)
	}
	if err := schema.Scan(began.Input); err != nil {
		return fmt.Errorf("the input of step %d: %w", began.Step, err)
	}
	r.mu.Lock()
	if r.state.over() {
		r.mu.Unlock()
		return nil // it has been answered meanwhile
	}
	s, err := r.addReported(began, f)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	r.publishCall(s)
	return nil
}

// addReported adds a step that a child has begun. The caller holds mu.
func (r *run) addReported(began model.StepBegan, f *calltree.Function) (*step, error) {
	last := r.book.Len()
	if int(began.Step) != last+1 || int(began.Parent) > last {
		return nil, fmt.Errorf("step %d within step %d follows step %d", began.Step, began.Parent, last)
	}
	now := time.Now()
	ago := now.Sub(began.Started)
	if ago < -absurd || ago > now.Sub(r.started)+absurd {
		return nil, fmt.Errorf("step %d began at %v", began.Step, began.Started)
	}
	earliest := r.started
	if parent := r.step(began.Parent); parent != nil {
		earliest = parent.started
	}
	started := now.Add(-max(0, min(ago, now.Sub(earliest))))
	s, raise := r.add(began.Parent, f, started, began.Input)
	if raise != nil {
		return nil, fmt.Errorf("step %d: %s", began.Step, raise.Message)
	}
	return s, nil
}

// reported returns the function of a step in a child, or nil when no child was given
// it.
func (r *run) reported(name string, version int) *calltree.Function {
	if f, _ := r.shelf.ready(name); f != nil && f.Version == version && f.kind != model.KindModule {
		return &f.Function
	}
	return r.shelf.given.find(name, version)
}

// StepEnded implements model.RemoteHost.
func (r *run) StepEnded(ended model.StepEnded) error {
	if err := calltree.CheckEnd(ended.Output, ended.Failure); err != nil {
		return fmt.Errorf("step %d: %w", ended.Step, err)
	}
	r.mu.Lock()
	s, over := r.step(ended.Step), r.state.over()
	running := s != nil && s.status == model.StatusRunning
	sinceStart := time.Since(r.started)
	r.mu.Unlock()
	switch {
	case over:
		return nil
	case !running:
		return fmt.Errorf("step %d ends, which is not running", ended.Step)
	case ended.Duration < 0 || ended.Duration > sinceStart:
		return fmt.Errorf("step %d ends after %v in a run of %v", ended.Step, ended.Duration, sinceStart)
	}
	if ended.Late && ended.Failure != nil && ended.Failure.Kind == model.FailureTimeout {
		r.late.Store(true)
	}
	if r.settle(ended.Step, min(ended.Duration, time.Since(s.started)), ended.Output, ended.Failure) {
		r.handOverReported()
	}
	return nil
}

const (
	// maxLine is how much text and how many bytes of fields a line may have. A child
	// leaves out more than 64 KB of either.
	maxLine = 80 << 10
	// maxLevel is how much of the name of a line's level is kept.
	maxLevel = 64
)

// Line implements model.RemoteHost.
func (r *run) Line(step model.StepRef, line model.LogLine) error {
	now := time.Now()
	switch {
	case line.Stream != "" && line.Stream != "stdout" && line.Stream != "stderr":
		return fmt.Errorf("a line of the stream %.80q", line.Stream)
	case len(line.Text) > maxLine || len(line.Fields) > maxLine:
		return fmt.Errorf("a line of %d bytes with %d bytes of fields", len(line.Text), len(line.Fields))
	case line.Time.Before(now.Add(-absurd)) || line.Time.After(now.Add(absurd)):
		return fmt.Errorf("a line of %v", line.Time)
	case line.Fields != nil && !isObject(line.Fields):
		return errors.New("a line whose fields are no object")
	}
	if len(line.Level) > maxLevel {
		line.Level = strings.ToValidUTF8(line.Level[:maxLevel], "")
	}
	if size := len(line.Text) + len(line.Fields); !r.shelf.output.Admits(size) {
		r.omitted.Add(size) // each child keeps to the rate by itself, and there may be several
		return nil
	}
	r.logOmitted(r.omitted.Take())
	r.Log(step, line)
	return nil
}

// logOmitted says in the log how many lines are missing there.
func (r *run) logOmitted(o model.Omission) {
	if o.Lines > 0 {
		r.Log(0, o.Line())
	}
}

func isObject(text []byte) bool {
	return schema.Scan(text) == nil && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
}
