package idempotency

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// endPatience bounds what ends a claim: its request is over by then, and so
// may be its context.
const endPatience = 2 * time.Second

// Claim is the right to run a request, and the duty to end it.
type Claim struct {
	// Abandoned are the runs of the same request whose servers went silent before
	// they answered, or did not know whether they were stored, oldest first; none
	// as a rule. Each may have come to its end all the same.
	Abandoned []model.ID

	gate        *Gate
	place       place
	fingerprint [sha256.Size]byte
	row         repo.KeyClaim
	granted     chan struct{} // closed when the database gave the key
	over        chan struct{} // closed when the claim has ended
	answer      *Answer       // written before over is closed; nil: released
}

// Finish keeps the answer for the repeats, if it is below 500; else, or when it
// can't be kept, the next repeat runs. Call it before the answer is sent, or a
// repeat may find nothing; the answer must not be changed afterwards. ctx
// gives values only: that it is over does not matter.
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
	// Repeats that wait here get the answer in any case: it is theirs.
	c.gate.leave(c, &answer)
}

// Release gives the key back without an answer: the next repeat runs. After
// Finish it does nothing, so that it may be deferred.
func (c *Claim) Release(ctx context.Context) { c.giveBack(ctx, c.gate.db.ReleaseKey) }

// Suspend is Release for a request whose run may be stored, or may be yet: the
// next repeat finds it among the abandoned ones.
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

// await returns what came of the claim; nil means that it was released, or
// never granted. Only one that was granted tells which request the key is for.
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

// renew makes the leases of the held claims last, from time to time until
// there are none.
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
