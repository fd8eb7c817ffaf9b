package packages

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"maestro/internal/backoff"
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
	// mostOfLine is how many bytes of a line are kept.
	mostOfLine = 2000
	// endAgain and endAgainMost are how long an end rests that could not be
	// stored, at first and at most.
	endAgain     = 100 * time.Millisecond
	endAgainMost = 10 * time.Second
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

// storable is as much of a line as is kept. What packages say of themselves may
// hold what PostgreSQL refuses.
func storable(line string) string {
	line = strings.ReplaceAll(strings.ToValidUTF8(line, "?"), "\x00", "?")
	if len(line) > mostOfLine {
		line = strings.ToValidUTF8(line[:mostOfLine], "") + " …"
	}
	return line
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
	line = storable(line)
	p.lines = append(p.lines, line)
	p.publish(events.Event{Name: events.Log, Text: line, Stream: "stdout"})
	if p.timer == nil {
		p.timer = time.AfterFunc(noteEvery, p.store)
	}
}

// running says that its turn has come.
func (p *progress) running() {
	_ = p.tell("begin", func(ctx context.Context) error { return p.m.opts.DB.BeginInstall(ctx, p.tenant, p.id) })
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
		_ = p.tell("log", func(ctx context.Context) error { return p.m.opts.DB.AppendInstallLog(ctx, p.tenant, p.id, lines) })
	}
}

// end stores how the install ended: a failure, or what is left of the log when
// its end is in the commit. It goes on trying until ctx ends.
func (p *progress) end(ctx context.Context, err error) {
	var problem *model.Error
	if err != nil {
		problem = shown(err)
		p.add(problem.Detail)
		p.m.opts.Log.Info("an install failed", slog.String("tenant", p.tenant), slog.Any("install", p.id), slog.Any("error", err))
	}
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.store()
	status, failure := model.StatusCompleted, ""
	if problem != nil {
		status, failure = model.StatusFailed, string(problem.Code)
		if p.storeEnd(ctx, problem) { // it was committed, and the answer to that got lost
			status, failure = model.StatusCompleted, ""
		}
	}
	p.publish(events.Event{Name: events.ExecutionCompleted, Status: status, Duration: time.Since(p.started), ErrorType: failure})
}

// storeEnd stores a failure, and reports whether the install has succeeded
// nevertheless. What can't be stored before ctx ends is told of by the end of
// this server.
func (p *progress) storeEnd(ctx context.Context, problem *model.Error) (completed bool) {
	for pause := (backoff.Backoff{First: endAgain, Longest: endAgainMost}); ; {
		err := p.tell("end", func(ctx context.Context) error {
			if err := p.m.opts.DB.EndInstall(ctx, p.tenant, p.id, problem); err != nil {
				return err
			}
			now, err := p.m.opts.DB.Install(ctx, p.tenant, p.id)
			completed = err == nil && now.Status == model.StatusCompleted
			return err
		})
		if err == nil || model.CodeOf(err) == model.CodeInstallNotFound { // its subtenant is no more
			return completed
		}
		if !pause.Wait(ctx) {
			return false
		}
	}
}

// shown is what people see of an error.
func shown(err error) *model.Error {
	var coded *model.Error
	if !errors.As(err, &coded) {
		return model.NewError(model.CodeInternal, "The install failed through a fault of the server, which is in its log; nothing was changed.")
	}
	safe := *coded
	safe.Detail = storable(coded.Detail)
	return &safe
}

// tell has the database know something of the install.
func (p *progress) tell(what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), notePatience)
	defer cancel()
	err := do(ctx)
	if err != nil {
		p.m.opts.Log.Warn("the progress of an install can't be stored", slog.String("what", what), slog.String("tenant", p.tenant),
			slog.Any("install", p.id), slog.Any("error", err))
	}
	return err
}
