// Package refusals records the calls of webhooks that were refused for their signatures,
// so that the owner of a webhook sees why a sender's calls fail.
//
// It notes in memory and writes in the background, at most a few rows for each webhook
// and minute for any number of calls: no sender can fill the memory or the
// database. It is not on the path of an accepted call, and must not hold the value of a
// header, or any part of a body.
package refusals

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/repo"
)

// MostHeaders is how many names of headers are kept of a call.
const MostHeaders = 50

// Bounds of the notes.
const (
	mostEntries = 5    // of a webhook and minute with an address; further ones have none
	mostPending = 1000 // entries that are not written yet; further calls are not recorded
	longestName = 100  // bytes of a header's name; longer ones are left out
)

// Options are the parts of a Book. DB and Log are required.
type Options struct {
	DB    *repo.DB
	Log   *slog.Logger
	Every time.Duration // between two writes; 0: 2 s
}

// Book holds the refused calls that are not written yet. Note may be called from any
// number of goroutines, also before Start and after Stop.
type Book struct {
	*service.Loop // Stop writes the rest

	opts Options

	mu      sync.Mutex
	pending map[place]map[sender]*repo.Refusal // guarded by mu
	entries int                                // guarded by mu; in pending
}

type place struct {
	webhook model.ID
	minute  int64 // since 1970
}

type sender struct{ reason, address string }

// Call is a refused call. Headers are the names of its headers.
type Call struct {
	At                      time.Time
	Reason, Address, Method string
	Headers                 []string
}

// New makes a book; it writes nothing before Start.
func New(opts Options) *Book {
	if opts.Every <= 0 {
		opts.Every = 2 * time.Second
	}
	b := &Book{opts: opts, pending: map[place]map[sender]*repo.Refusal{}}
	b.Loop = service.NewLoop(service.Hooks{Run: b.run, End: b.write})
	return b
}

// Note records that a call of a webhook was refused. It waits for nothing.
func (b *Book) Note(hook *model.Webhook, call *Call) {
	at := call.At.UTC()
	b.add(repo.Refusal{
		Tenant: hook.Tenant, WebhookID: hook.ID, Minute: at.Truncate(time.Minute), Reason: call.Reason, Address: call.Address,
		Calls: 1, LastAt: at, Method: call.Method, Headers: names(call.Headers),
	})
}

func (b *Book) add(r repo.Refusal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := b.pending[place{r.WebhookID, r.Minute.Unix() / 60}]
	known := of[sender{r.Reason, r.Address}]
	if known == nil && len(of) >= mostEntries {
		r.Address = ""
		known = of[sender{r.Reason, ""}]
	}
	switch {
	case known != nil:
		known.Calls += r.Calls
		if !r.LastAt.Before(known.LastAt) {
			known.LastAt, known.Method, known.Headers = r.LastAt, r.Method, r.Headers
		}
	case b.entries >= mostPending:
	default:
		if of == nil {
			of = map[sender]*repo.Refusal{}
			b.pending[place{r.WebhookID, r.Minute.Unix() / 60}] = of
		}
		r.ID = model.NewIDAt(r.Minute)
		of[sender{r.Reason, r.Address}] = &r
		b.entries++
	}
}

// names are those that are names of headers by HTTP's grammar.
func names(all []string) []string {
	kept := make([]string, 0, min(len(all), MostHeaders))
	for _, name := range all {
		if len(kept) < MostHeaders && len(name) <= longestName && isToken(name) {
			kept = append(kept, name)
		}
	}
	return kept
}

func isToken(name string) bool {
	for i := range len(name) {
		b := name[i]
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (b < '0' || b > '9') && b != '-' && b != '_' && b != '.' {
			return false
		}
	}
	return name != ""
}

func (b *Book) run(ctx context.Context) {
	for backoff.Sleep(ctx, b.opts.Every) {
		if err := b.write(ctx); err != nil && ctx.Err() == nil {
			b.opts.Log.Warn("refused calls of webhooks could not be recorded; they are kept for the next try", slog.Any("error", err))
		}
	}
}

// write writes the pending notes. Those that it cannot write are pending again.
func (b *Book) write(ctx context.Context) error {
	b.mu.Lock()
	var all []repo.Refusal
	for _, of := range b.pending {
		for _, r := range of {
			all = append(all, *r)
		}
	}
	clear(b.pending)
	b.entries = 0
	b.mu.Unlock()
	err := b.opts.DB.AddRefusals(ctx, all)
	if err != nil {
		for _, r := range all {
			b.add(r)
		}
	}
	return err
}
