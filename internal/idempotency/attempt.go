package idempotency

import (
	"context"
	"encoding/json"
	"errors"

	"maestro/internal/model"
)

// Attempt is a request with a key that runs now: the first one, or a repeat after
// one without a kept response. It belongs to one goroutine. A nil *Attempt is a
// request without a key.
type Attempt struct {
	claim   *Claim
	earlier *Result
	fate    fate
}

// Result is the result of an earlier run of the same request without a response.
type Result struct {
	ExecutionID model.ID
	Output      json.RawMessage
}

// fate is the outcome of the run of an attempt.
type fate uint8

const (
	nothingRan fate = iota // or the run failed: the next repeat runs
	returned               // its answer is kept
	unknown                // the run may be stored, now or later: the next repeat looks for it
)

// Try returns an attempt, when the request has to run, or the answer to replay. It
// waits for a first run in progress until ctx ends, then returns CodeKeyInUse. A
// key of a different request is CodeKeyReused. The caller ends the attempt by
// Close, and by Keep before that.
//
// It looks up runs of the same request whose server died: one that returned is the
// Earlier of the attempt. The error is CodeUnavailable when the lookup fails, and
// CodeRecordIncomplete when the result was not recorded completely.
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

// Earlier is the result to use instead of a run; nil: run.
func (a *Attempt) Earlier() *Result {
	if a == nil {
		return nil
	}
	if a.earlier != nil {
		a.fate = returned
	}
	return a.earlier
}

// ExecutionID is the id for the run; zero: any.
func (a *Attempt) ExecutionID() model.ID {
	if a == nil {
		return model.ID{}
	}
	return a.claim.row.ExecutionID
}

// Ran notes the outcome of the run: nil when the function returned. A
// CodeUnavailable error with an execution means that it ran, and that its record
// may follow.
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

// Store stores an asynchronous run by calling store with its id, unless an earlier
// request of the occasion has stored it. It uses the id of the first try, so that
// of several tries with unknown outcome only one is stored. An id together with
// an error of store means that the run may have been stored.
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
				id, err = earlier, nil // it was being stored during the lookup
			}
		}
		if err != nil {
			return model.ID{}, err
		}
	}
	a.fate = returned
	return id, nil
}

// Unsettled reports whether the outcome of the run is unknown.
func (a *Attempt) Unsettled() bool { return a != nil && a.fate == unknown }

// Keeps reports whether the answer is kept: after a run that returned, or was
// accepted.
func (a *Attempt) Keeps() bool { return a.fate == returned }

// Keep keeps the answer for repeats if its status is below 500; with a higher one
// the function itself reports a failure. Call it before the response is sent.
// Only the values of ctx are used.
func (a *Attempt) Keep(ctx context.Context, answer Answer) { a.claim.Finish(ctx, answer) }

// Close releases the key, unless the answer was kept: the next repeat runs, or
// looks for a run with unknown outcome. It may be deferred.
func (a *Attempt) Close(ctx context.Context) {
	if a.fate == unknown {
		a.claim.Suspend(ctx)
		return
	}
	a.claim.Release(ctx)
}
