package trial

import (
	"context"
	"slices"
	"sync"

	"maestro/internal/engine"
	"maestro/internal/events"
	"maestro/internal/model"
)

// book keeps the records and log lines of the runs that a test has asked for; of other
// runs it keeps nothing.
type book struct {
	outside func(events.Event) // takes the lines of other runs

	mu      sync.Mutex // guards entries
	entries map[model.ID]*entry
}

type entry struct {
	execution model.Execution
	steps     map[model.ID]model.Step
	lines     []events.Event
	retry     bool // another attempt follows
}

var (
	_ engine.Recorder  = (*book)(nil)
	_ engine.Publisher = (*book)(nil)
)

// open has the record of a run kept.
func (b *book) open(id model.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries[id] = &entry{steps: map[model.ID]model.Step{}}
}

// close takes the record of a run out.
func (b *book) close(id model.ID) *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[id]
	delete(b.entries, id)
	return e
}

// Admit implements engine.Recorder.
func (b *book) Admit() error { return nil }

// Finish implements engine.Recorder.
func (b *book) Finish(_ context.Context, record *model.Record) model.Kept {
	b.add(record)
	return model.Committed
}

// Steps implements engine.Recorder.
func (b *book) Steps(_ context.Context, part *model.Record) model.Kept {
	b.add(part)
	return model.Committed
}

// Running implements engine.Recorder.
func (b *book) Running(*model.Execution) {}

func (b *book) add(record *model.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[record.Execution.ID]
	if e == nil {
		return
	}
	if !record.StepsOnly {
		e.execution = record.Execution
		e.retry = record.Queued != nil && record.Queued.Retry
	}
	for _, step := range record.Steps {
		e.steps[step.ID] = step
	}
}

// Publish implements engine.Publisher.
func (b *book) Publish(event events.Event) {
	if event.Name != events.Log {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[event.ExecutionID]; e != nil {
		e.lines = append(e.lines, event)
		return
	}
	b.outside(event)
}

// inOrder are the steps in the order in which they began.
func (e *entry) inOrder() []model.Step {
	all := make([]model.Step, 0, len(e.steps))
	for _, step := range e.steps {
		all = append(all, step)
	}
	slices.SortFunc(all, func(a, b model.Step) int { return a.Position - b.Position })
	return all
}
