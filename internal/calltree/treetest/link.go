package treetest

import (
	"sync"
	"sync/atomic"

	"maestro/internal/calltree"
	"maestro/internal/model"
)

// Link is a calltree.Link within one process.
type Link struct {
	model.RemoteHost
	asked  *atomic.Int64
	mu     sync.Mutex // held while a report is made; guards what follows
	broken error      // the first report that was refused
}

var _ calltree.Link = (*Link)(nil)

// Resolve implements calltree.Link.
func (l *Link) Resolve(name string) (model.Resolved, *model.Raise) {
	l.asked.Add(1)
	return l.RemoteHost.Resolve(name)
}

// Broken returns the error of the first report that was refused, or nil.
func (l *Link) Broken() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *Link) report(made func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := made(); err != nil && l.broken == nil {
		l.broken = err
	}
}

// StepBegan implements calltree.Link.
func (l *Link) StepBegan(began model.StepBegan) {
	began.Started = began.Started.Round(0) // no message carries its monotonic part
	l.report(func() error { return l.RemoteHost.StepBegan(began) })
}

// StepEnded implements calltree.Link.
func (l *Link) StepEnded(ended model.StepEnded) {
	l.report(func() error { return l.RemoteHost.StepEnded(ended) })
}

// Line implements calltree.Link.
func (l *Link) Line(step model.StepRef, line model.LogLine) {
	l.report(func() error { return l.RemoteHost.Line(step, line) })
}
