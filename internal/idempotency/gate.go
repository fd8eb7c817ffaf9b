package idempotency

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
	"maestro/repo"
)

const (
	keep         = 24 * time.Hour
	defaultLease = time.Minute
	renewals     = 4 // per lease: some may fail
	firstWait    = 10 * time.Millisecond
	longestWait  = time.Second
	retryAfter   = 2 * time.Second
)

// Seal encrypts answers while they are kept. A *vault.Vault is one.
type Seal interface {
	Seal(tenant, place string, plaintext []byte) []byte
	Open(tenant, place string, sealed []byte) ([]byte, error)
}

// Options are the settings of a gate; the zero value is usable.
type Options struct {
	Lease  time.Duration // after which a dead server loses its keys; 0: a minute
	Server model.ID      // as registered: once it is known to be dead its keys are free; zero: they wait for the lease
	// Grace is how long expired leases still count; nil: not at all. During an
	// outage of the database no server can renew its leases, and the answers given
	// meanwhile are written first.
	Grace func() time.Duration
}

// Gate admits one request per key. It is safe for concurrent use.
type Gate struct {
	db     *repo.DB
	seal   Seal
	lease  time.Duration
	server model.ID
	grace  func() time.Duration
	log    *slog.Logger

	mu       sync.Mutex
	held     map[place]*Claim // guarded by mu: of this server: granted, requested, or not ended in the database yet
	renewing bool             // guarded by mu: renew will be called
	unended  []unended        // guarded by mu: claims not ended in the database yet
	ending   bool             // guarded by mu: endUnended will be called
}

// place is the scope in which a key is unique.
type place struct {
	tenant string
	key    [sha256.Size]byte
}

// Request is the request for a key.
type Request struct {
	Tenant string
	// Scope separates callers that must not use each other's keys, such as callers
	// with and without a token.
	Scope string
	Key   string
	// Fingerprint is a hash of the parts that must be the same in a repeat.
	Fingerprint [sha256.Size]byte
	// ExecutionID is the id for the run. It must be unique.
	ExecutionID model.ID
}

// New makes a gate. It has no goroutine while no key is held.
func New(db *repo.DB, seal Seal, opts Options, log *slog.Logger) *Gate {
	if opts.Lease <= 0 {
		opts.Lease = defaultLease
	}
	if opts.Grace == nil {
		opts.Grace = func() time.Duration { return 0 }
	}
	return &Gate{db: db, seal: seal, lease: opts.Lease, server: opts.Server, grace: opts.Grace, log: log, held: map[place]*Claim{}}
}

// Begin returns a claim, when the request has to run, or the answer to replay. It
// waits for a first run in progress until ctx ends, then returns CodeKeyInUse. A
// key with another fingerprint is CodeKeyReused. The caller must end a claim, by
// Finish, Release or Suspend.
func (g *Gate) Begin(ctx context.Context, r Request) (*Claim, *Answer, error) {
	where := placeOf(r)
	for pause := (backoff.Backoff{First: firstWait, Longest: longestWait, Factor: 1.5}); ; {
		claim, other := g.enter(where, r)
		if other != nil {
			answer, err := other.await(ctx, r)
			if answer != nil || err != nil {
				return nil, answer, err
			}
			continue // it was released: the next try may get the key
		}
		state, err := g.db.ClaimKey(ctx, claim.row)
		if err == nil && state.Claimed {
			g.grant(claim, state.Abandoned)
			return claim, nil, nil
		}
		if err != nil {
			claim.Release(ctx) // the key may have been granted nevertheless
			if ctx.Err() != nil {
				err = errInUse()
			}
			return nil, nil, model.NothingRan(err)
		}
		g.leave(claim, nil)
		answer, err := g.repeat(r, where, state)
		if answer != nil || err != nil {
			return nil, answer, err
		}
		if !pause.Wait(ctx) {
			return nil, nil, errInUse()
		}
	}
}

// repeat decodes the answer of a key that another request holds; nil while that
// request runs.
func (g *Gate) repeat(r Request, where place, state repo.KeyState) (*Answer, error) {
	if subtle.ConstantTimeCompare(state.Fingerprint, r.Fingerprint[:]) != 1 {
		return nil, errReused()
	}
	if state.Status == 0 {
		return nil, nil
	}
	plain, err := g.seal.Open(r.Tenant, where.String(), state.Answer)
	if err != nil {
		return nil, fmt.Errorf("open the answer kept for an idempotency key: %w", err)
	}
	answer, err := decode(plain)
	if err != nil {
		return nil, fmt.Errorf("read the answer kept for an idempotency key: %w", err)
	}
	answer.Status, answer.ExecutionID = state.Status, state.ExecutionID
	return answer, nil
}

// enter makes a claim that is not granted yet, or returns the existing claim of
// the place on this server.
func (g *Gate) enter(where place, r Request) (mine, other *Claim) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if other = g.held[where]; other != nil {
		return nil, other
	}
	mine = &Claim{
		gate: g, place: where, fingerprint: r.Fingerprint, granted: make(chan struct{}), over: make(chan struct{}),
		row: repo.KeyClaim{
			Tenant: r.Tenant, Key: where.key[:], Fingerprint: r.Fingerprint[:], ExecutionID: r.ExecutionID,
			Server: g.server, Lease: g.lease, Keep: keep, Grace: g.grace(),
		},
	}
	g.held[where] = mine
	return mine, nil
}

// grant notes that the database has granted the key to c, and starts the renewal
// of its lease.
func (g *Gate) grant(c *Claim, abandoned []model.ID) {
	c.Abandoned = abandoned
	close(c.granted)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.renewing {
		g.renewing = true
		time.AfterFunc(g.lease/renewals, g.renew)
	}
}

// leave ends a claim on this server and passes the answer to the waiting repeats;
// with nil they try themselves.
func (g *Gate) leave(c *Claim, answer *Answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[c.place] == c {
		delete(g.held, c.place)
		c.answer = answer
		close(c.over)
	}
}

func placeOf(r Request) place {
	text := binary.AppendUvarint(nil, uint64(len(r.Scope)))
	return place{r.Tenant, sha256.Sum256(append(append(text, r.Scope...), r.Key...))}
}

// String is the name of the place, to which sealed answers are bound.
func (p place) String() string { return fmt.Sprintf("idempotency/%x", p.key) }

func errReused() error {
	return model.NewError(model.CodeKeyReused,
		"This idempotency key came with another request before (another method, path, body or caller); use a new key for a new request.")
}

func errInUse() error {
	busy := model.NewError(model.CodeKeyInUse, "The first request with this idempotency key did not end in time. Repeat the request later for its answer.")
	busy.RetryAfter = retryAfter
	return busy
}
