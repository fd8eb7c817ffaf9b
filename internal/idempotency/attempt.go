package idempotency

import (
	"context"
	"encoding/json"
	"errors"

	"maestro/internal/model"
)

// Attempt is a request with a key that is to run now: the first one, or a repeat
// after a first one that came to nothing. One goroutine may use it. A nil
// *Attempt is a request without a key.
type Attempt struct {
	claim   *Claim
	earlier *Result
	fate    fate
}

// Result is what a run of the same request came to that was not answered.
type Result struct {
	ExecutionID model.ID
	Output      json.RawMessage
}

// fate is what is known of the run of an attempt.
type fate uint8

const (
	nothingRan fate = iota // or it failed: the next repeat runs
	returned               // its answer is kept
	unknown                // it may be stored, now or later: the next repeat looks for it
)

// Try answers with an attempt, when the request is to be run, or else with the
// answer to repeat. It waits for a first run that is under way until ctx is over:
// then it is CodeKeyInUse. A key that came with another request is CodeKeyReused.
// The caller ends the attempt by Close, and by Keep before that.
//
// Runs of the same request whose server went silent are looked up: one that
// returned is the attempt's Earlier. CodeUnavailable says that it can't be told,
// CodeRecordIncomplete that its result was not recorded whole.
func (g *Gate) Try(ctx context.Context, o *Occasion) (*Attempt, *Answer, error) {
	claim, answer, err := g.Begin(ctx, Request{
		Tenant: o.Tenant, Scope: o.Scope, Key: o.Key, ExecutionID: model.NewID(), Fingerprint: o.Fingerprint(),
	})
	if err != nil || answer != nil {
		return nil, answer, err
	}
	attempt := &Attempt{claim: claim}
	if attempt.earlier, err = g.lookUp(context.WithoutCancel(ctx), o.Tenant, claim.Abandoned); err != nil {
		claim.Release(ctx)
		return nil, nil, err
	}
	return attempt, nil, nil
}

// Earlier is the result to answer with instead of a run; nil: run.
func (a *Attempt) Earlier() *Result {
	if a == nil {
		return nil
	}
	if a.earlier != nil {
		a.fate = returned
	}
	return a.earlier
}

// ExecutionID is the id that the run is to have; zero: any.
func (a *Attempt) ExecutionID() model.ID {
	if a == nil {
		return model.ID{}
	}
	return a.claim.row.ExecutionID
}

// Ran notes how the run ended: nil when the function returned. An error that
// names an execution as unavailable says that it ran and that its record may
// follow.
func (a *Attempt) Ran(err error) {
	var coded *model.Error
	switch {
	case a == nil:
	case err == nil:
		a.fate = returned
	case errors.As(err, &coded) && coded.Code == model.CodeUnavailable && !coded.ExecutionID.IsZero() && coded.Failure == nil:
		a.fate = unknown
	}
}

// Store stores a run that is not waited for by calling store with the id that it
// is to have, unless that was done for the same request before. It takes the id
// under which that was tried first: of all tries, be their fates unknown, one is
// stored. An id beside an error of store says that the run may have been stored
// all the same.
func (a *Attempt) Store(ctx context.Context, store func(model.ID) (model.ID, error)) (model.ID, error) {
	if a == nil {
		return store(model.ID{})
	}
	gate, tenant, abandoned := a.claim.gate, a.claim.row.Tenant, a.claim.Abandoned
	id, err := gate.stored(ctx, tenant, abandoned)
	if err != nil {
		return model.ID{}, err
	}
	if id.IsZero() {
		wanted := a.ExecutionID()
		if len(abandoned) > 0 {
			wanted = abandoned[0]
		}
		if id, err = store(wanted); err != nil && !id.IsZero() {
			a.fate = unknown
			if earlier, unclear := gate.stored(ctx, tenant, abandoned); unclear == nil && !earlier.IsZero() {
				id, err = earlier, nil // it was on its way when it was looked for
			}
		}
		if err != nil {
			return model.ID{}, err
		}
	}
	a.fate = returned
	return id, nil
}

// Unsettled reports whether it is not known what became of the run.
func (a *Attempt) Unsettled() bool { return a != nil && a.fate == unknown }

// Keeps reports whether the answer is to be kept: that of a run which returned,
// or was accepted.
func (a *Attempt) Keeps() bool { return a.fate == returned }

// Keep keeps the answer for the repeats, below 500: beyond, the function itself
// says that it failed. Call it before the answer is sent. ctx gives values only.
func (a *Attempt) Keep(ctx context.Context, answer Answer) { a.claim.Finish(ctx, answer) }

// Close gives the key back, unless the answer was kept: the next repeat runs, or
// looks for a run whose fate is unknown. It may be deferred.
func (a *Attempt) Close(ctx context.Context) {
	if a.fate == unknown {
		a.claim.Suspend(ctx)
		return
	}
	a.claim.Release(ctx)
}
