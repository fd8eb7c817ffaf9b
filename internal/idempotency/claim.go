package idempotency

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// endPatience limits the end of a claim, whose request has ended by then, and
// perhaps its context too.
const endPatience = 2 * time.Second

// Claim is the right to run a request, and the duty to end it.
type Claim struct {
	// Abandoned are the runs of the same request whose servers died before the
	// response, or did not know whether they were stored, oldest first; usually
	// none. Each may have ended nevertheless.
	Abandoned []model.ID

	gate        *Gate
	place       place
	fingerprint [sha256.Size]byte
	row         repo.KeyClaim
	granted     chan struct{} // closed when the database has granted the key
	over        chan struct{} // closed when the claim has ended
	answer      *Answer       // written before over is closed; nil: released
}

// Finish keeps the answer for repeats if its status is below 500; otherwise, or
// when it can't be kept, the next repeat runs. Call it before the response is
// sent, so that each repeat finds it; the answer must not be changed afterwards.
// Only the values of ctx are used; ctx may have ended.
func (c *Claim) Finish(ctx context.Context, answer Answer) {
	if answer.Status >= 500 {
		c.Release(ctx)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	answer.ExecutionID = c.row.ExecutionID
	sealed := c.gate.seal.Seal(c.row.Tenant, c.place.String(), answer.encode())
	finish := func(ctx context.Context) error {
		kept, err := c.gate.db.FinishKey(ctx, c.row, answer.Status, sealed)
		if err == nil && !kept {
			c.gate.log.Warn("an idempotency key was lost to another request before it was answered", c.attributes()...)
		}
		return err
	}
	err := finish(ctx)
	if repo.IsAway(err) {
		c.gate.endLater(c, &answer, finish)
		return
	}
	if err != nil {
		c.gate.log.Warn("an answer can't be kept for repeats of its request", c.attributes(slog.Any("error", err))...)
	}
	// Repeats that wait on this server get the answer in any case.
	c.gate.leave(c, &answer)
}

// Release releases the key without an answer: the next repeat runs. It has no
// effect after Finish, so it may be deferred.
func (c *Claim) Release(ctx context.Context) { c.giveBack(ctx, c.gate.db.ReleaseKey) }

// Suspend is Release for a request whose run may be stored, now or later: the
// next repeat finds it among the abandoned runs.
func (c *Claim) Suspend(ctx context.Context) { c.giveBack(ctx, c.gate.db.SuspendKey) }

func (c *Claim) giveBack(ctx context.Context, how func(context.Context, repo.KeyClaim) error) {
	select {
	case <-c.over:
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	end := func(ctx context.Context) error { return how(ctx, c.row) }
	err := end(ctx)
	if repo.IsAway(err) {
		c.gate.endLater(c, nil, end)
		return
	}
	if err != nil {
		c.gate.log.Warn("an idempotency key can't be released; its lease runs out", c.attributes(slog.Any("error", err))...)
	}
	c.gate.leave(c, nil)
}

func (c *Claim) attributes(more ...any) []any {
	return append([]any{slog.String("tenant", c.row.Tenant), slog.String("execution_id", c.row.ExecutionID.String())}, more...)
}

// await returns the answer of the claim; nil when it was released, or never
// granted. Only a granted claim shows which request the key belongs to.
func (c *Claim) await(ctx context.Context, r Request) (*Answer, error) {
	select {
	case <-c.granted:
		if c.fingerprint != r.Fingerprint {
			return nil, errReused()
		}
	case <-c.over:
	case <-ctx.Done():
	}
	select {
	case <-c.over:
		if c.answer != nil && c.fingerprint != r.Fingerprint {
			return nil, errReused()
		}
		return c.answer, nil
	case <-ctx.Done():
		return nil, errInUse()
	}
}

// renew renews the leases of the held claims periodically, until there are none.
func (g *Gate) renew() {
	g.mu.Lock()
	rows := make([]repo.KeyClaim, 0, len(g.held))
	for _, claim := range g.held {
		rows = append(rows, claim.row)
	}
	g.renewing = len(rows) > 0
	g.mu.Unlock()
	if len(rows) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), g.lease/renewals)
	defer cancel()
	if err := g.db.RenewKeys(ctx, rows); err != nil {
		g.log.Warn("the leases of idempotency keys can't be renewed", slog.Int("keys", len(rows)), slog.Any("error", err))
	}
	time.AfterFunc(g.lease/renewals, g.renew)
}
