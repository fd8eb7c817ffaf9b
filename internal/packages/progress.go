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
	// mostLines is how many lines an install keeps; one more line states
	// that the log was truncated.
	mostLines = 1000
	// mostOfLine is how many bytes of a line are kept.
	mostOfLine = 2000
	// endAgain and endAgainMost are the first and the longest pause before
	// storing the end is retried.
	endAgain     = 100 * time.Millisecond
	endAgainMost = 10 * time.Second
)

// progress is the log of an install: each line is published as an event
// immediately, and stored for later readers and other servers.
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

// storable is the part of a line that is kept, without characters that
// PostgreSQL refuses.
func storable(line string) string {
	line = strings.ReplaceAll(strings.ToValidUTF8(line, "?"), "\x00", "?")
	if len(line) > mostOfLine {
		line = strings.ToValidUTF8(line[:mostOfLine], "") + " …"
	}
	return line
}

// add takes one line. Its writer has masked the credentials in it.
func (p *progress) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.count > mostLines {
		return
	}
	if p.count++; p.count > mostLines {
		line = "Further lines are not kept."
	}
	line = storable(line)
	p.lines = append(p.lines, line)
	p.publish(events.Event{Name: events.Log, Text: line, Stream: "stdout"})
	if p.timer == nil {
		p.timer = time.AfterFunc(noteEvery, p.store)
	}
}

// running records that its turn has come.
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

// end stores the end of an install: a failure, or the rest of the log if its
// end is part of the commit. It retries until ctx ends, and reports whether the
// install has succeeded.
func (p *progress) end(ctx context.Context, err error) (completed bool) {
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
		if p.storeEnd(ctx, problem) { // it was committed, but the response was lost
			status, failure = model.StatusCompleted, ""
		}
	}
	p.publish(events.Event{Name: events.ExecutionCompleted, Status: status, Duration: time.Since(p.started), ErrorType: failure})
	return status == model.StatusCompleted
}

// storeEnd stores a failure, and reports whether the install has succeeded
// nevertheless. A failure that cannot be stored before ctx ends is recorded
// with the end of this server.
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
		if err == nil || model.CodeOf(err) == model.CodeInstallNotFound { // its subtenant was deleted
			return completed
		}
		if !pause.Wait(ctx) {
			return false
		}
	}
}

// shown is the user-facing form of an error.
func shown(err error) *model.Error {
	var coded *model.Error
	if !errors.As(err, &coded) {
		return model.NewError(model.CodeInternal, "The install failed because of an internal error, which the server has logged; nothing was changed.")
	}
	safe := *coded
	safe.Detail = storable(coded.Detail)
	return &safe
}

// tell stores progress of the install in the database.
func (p *progress) tell(what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), notePatience)
	defer cancel()
	err := do(ctx)
	if err != nil {
		p.m.opts.Log.Warn("the progress of an install cannot be stored", slog.String("what", what), slog.String("tenant", p.tenant),
			slog.Any("install", p.id), slog.Any("error", err))
	}
	return err
}
