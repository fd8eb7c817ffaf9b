package packages

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"maestro/internal/events"
	"maestro/internal/model"
)

const (
	// noteEvery is how often new lines of an install are stored.
	noteEvery = 500 * time.Millisecond
	// notePatience bounds one such statement.
	notePatience = 10 * time.Second
	// mostLines is how many lines an install keeps; one more says that there
	// were others.
	mostLines = 1000
)

// progress is the log of an install: each line is an event at once, and stored
// for those who ask later, or on another server.
type progress struct {
	m       *Manager
	tenant  string
	id      model.ID
	started time.Time

	mu      sync.Mutex
	lines   []string    // guarded by mu; not stored yet
	count   int         // guarded by mu
	timer   *time.Timer // guarded by mu; nil: none is set
	ended   bool        // guarded by mu
	storing sync.Mutex  // held while lines are stored: they keep their order
}

func (m *Manager) follow(tenant string, id model.ID) *progress {
	p := &progress{m: m, tenant: tenant, id: id, started: time.Now()}
	p.publish(events.Event{Name: events.ExecutionStarted})
	return p
}

func (p *progress) publish(event events.Event) {
	event.Tenant, event.ExecutionID, event.At = p.tenant, p.id, time.Now()
	p.m.opts.Events.Publish(event)
}

// add takes one line. What it holds of credentials was masked by whoever wrote
// it.
func (p *progress) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.count > mostLines {
		return
	}
	if p.count++; p.count > mostLines {
		line = "There are more lines than are kept."
	}
	p.lines = append(p.lines, line)
	p.publish(events.Event{Name: events.Log, Text: line, Stream: "stdout"})
	if p.timer == nil {
		p.timer = time.AfterFunc(noteEvery, p.store)
	}
}

// running says that its turn has come.
func (p *progress) running() {
	p.tell("begin", func(ctx context.Context) error { return p.m.opts.DB.BeginInstall(ctx, p.tenant, p.id) })
}

// store writes the lines that are not stored yet.
func (p *progress) store() {
	p.storing.Lock()
	defer p.storing.Unlock()
	p.mu.Lock()
	lines := p.lines
	p.lines, p.timer = nil, nil
	p.mu.Unlock()
	if len(lines) > 0 {
		p.tell("log", func(ctx context.Context) error { return p.m.opts.DB.AppendInstallLog(ctx, p.tenant, p.id, lines) })
	}
}

// end stores how the install ended.
func (p *progress) end(err error) {
	if err != nil {
		p.add(shown(err).Detail)
	}
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.store()
	status, failure := model.StatusCompleted, ""
	var problem *model.Error
	if err != nil {
		problem = shown(err)
		status, failure = model.StatusFailed, string(problem.Code)
		p.m.opts.Log.Info("an install failed", slog.String("tenant", p.tenant), slog.Any("install", p.id), slog.Any("error", err))
	}
	p.tell("end", func(ctx context.Context) error { return p.m.opts.DB.EndInstall(ctx, p.tenant, p.id, problem) })
	p.publish(events.Event{Name: events.ExecutionCompleted, Status: status, Duration: time.Since(p.started), ErrorType: failure})
}

// shown is what people see of an error.
func shown(err error) *model.Error {
	var coded *model.Error
	if errors.As(err, &coded) {
		return coded
	}
	return model.NewError(model.CodeInternal, "The install failed through a fault of the server, which is in its log; nothing was changed.")
}

// tell has the database know something of the install. Its end is told of by
// the end of this server otherwise.
func (p *progress) tell(what string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), notePatience)
	defer cancel()
	if err := do(ctx); err != nil {
		p.m.opts.Log.Warn("the progress of an install can't be stored", slog.String("what", what), slog.String("tenant", p.tenant),
			slog.Any("install", p.id), slog.Any("error", err))
	}
}
