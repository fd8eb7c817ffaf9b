package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"maestro/internal/events"
	"maestro/internal/model"
)

// book keeps records and events in memory.
type book struct {
	mu      sync.Mutex // guards what follows
	records []*model.Record
	parts   []*model.Record
	hold    chan struct{}            // parts are recorded once it is closed; nil: at once. Set before the first run
	during  func(part *model.Record) // called while a part is being recorded; may be nil. The same
	running []model.Execution
	events  []events.Event
	kept    model.Kept
	refuses error // of Admit
	noted   chan struct{}
}

func (b *book) Steps(_ context.Context, part *model.Record) model.Kept {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := *part
	kept.Steps = slices.Clone(part.Steps) // the slice is the run's again
	b.parts = append(b.parts, &kept)
	b.mu.Unlock()
	if b.during != nil {
		b.during(part)
	}
	if b.hold != nil {
		<-b.hold
	}
	b.mu.Lock()
	return model.Committed
}

func (b *book) Admit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuses
}

func (b *book) Finish(_ context.Context, record *model.Record) model.Kept {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, record)
	return b.kept
}

func (b *book) Running(e *model.Execution) {
	b.mu.Lock()
	b.running = append(b.running, *e)
	b.mu.Unlock()
	b.noted <- struct{}{}
}

func (b *book) Publish(e events.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

func (b *book) last() *model.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[len(b.records)-1]
}

// unsealed keeps inputs as they are.
type unsealed struct{}

func (unsealed) Seal(_, _ string, text []byte) []byte { return text }
func (unsealed) Open(_, _ string, text []byte) ([]byte, error) {
	if string(text) == unreadable {
		return nil, errors.New("sealed under another key")
	}
	return text, nil
}

// unreadable is an input that can't be opened.
const unreadable = "unreadable"
