package alerts

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"maestro/internal/model"
	"maestro/internal/secrets"
	"maestro/internal/service"
	"maestro/internal/wake"
	"maestro/repo"
)

// Meter counts messages. Its methods must not wait.
type Meter interface {
	// AlertMade counts a message by its type.
	AlertMade(kind string)
	// AlertAttempted counts an attempt to deliver one to a webhook or a function:
	// delivered, retried, or failed for good.
	AlertAttempted(target, outcome string)
}

type noMeter struct{}

func (noMeter) AlertMade(string)              {}
func (noMeter) AlertAttempted(string, string) {}

// Options are what Alerts are made of. DB, Secrets, Submit and Log are needed.
type Options struct {
	DB      *repo.DB
	Secrets *secrets.Keeper // sign the messages
	// Submit accepts an asynchronous run of a function with that id, triggered by an
	// alert. One that was accepted under the id before is no error.
	Submit func(ctx context.Context, tenant, function string, id model.ID, input json.RawMessage) error
	// Refuse returns why messages may not be sent to an address, or nil; nil: they may
	// be sent to all.
	Refuse    func(netip.AddrPort) error
	PublicURL string // of this server, for links; empty: none are sent
	Version   string // of this server, as receivers see it
	Meter     Meter  // may be nil
	Log       *slog.Logger

	Now      func() time.Time // the wall clock; default time.Now
	Poll     time.Duration    // between two looks at the database; default 2 s
	SendTime time.Duration    // that a receiver has to answer; default 15 s
}

// Alerts makes the messages of all servers and delivers them.
type Alerts struct {
	// Start asks nothing of the database. Stop breaks off attempts, which other servers
	// then make.
	*service.Loop

	opts   Options
	client *http.Client
	woken  wake.Signal // a message was made, or an attempt has ended
	lateAt time.Time   // when schedules are looked at next; of the rounds alone

	mu   sync.Mutex
	busy map[string]int // attempts under way, by subtenant; guarded by mu
}

// New makes Alerts; nothing is sent before Start, but for tests.
func New(opts Options) *Alerts {
	if opts.Meter == nil {
		opts.Meter = noMeter{}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Poll <= 0 {
		opts.Poll = 2 * time.Second
	}
	if opts.SendTime <= 0 {
		opts.SendTime = 15 * time.Second
	}
	a := &Alerts{opts: opts, woken: wake.New(), busy: map[string]int{}}
	a.client = a.newClient()
	a.Loop = service.NewLoop(service.Hooks{Run: a.run})
	return a
}

// run makes messages and delivers them side by side, until ctx ends.
func (a *Alerts) run(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { a.watch(ctx) })
	parts.Go(func() { a.send(ctx) })
	parts.Wait()
}

// now is the wall clock with the precision that the database keeps.
func (a *Alerts) now() time.Time { return a.opts.Now().Round(0).UTC().Truncate(time.Microsecond) }
