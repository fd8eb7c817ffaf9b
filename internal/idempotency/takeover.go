package idempotency

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"maestro/internal/model"
)

// lookUpTime limits the lookup of runs without a response.
const lookUpTime = 30 * time.Second

// lookUp is the result of a run of the same request without a response; nil when
// no run returned.
func (g *Gate) lookUp(ctx context.Context, tenant string, ids []model.ID) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	var incomplete error
	for _, id := range ids {
		execution, err := g.db.Execution(ctx, tenant, id)
		switch {
		case model.CodeOf(err) == model.CodeExecutionNotFound:
		case err != nil:
			return nil, errUnknownRun(err)
		case execution.Status != model.StatusCompleted:
		case execution.RecordComplete || whole(execution.Output):
			return &Result{ExecutionID: id, Output: execution.Output}, nil
		default:
			incomplete = errNotWhole(id)
		}
	}
	return nil, incomplete
}

// whole reports whether a recorded output is complete although its record is not,
// for example because the input was truncated. It is false when it is not known.
func whole(output json.RawMessage) bool {
	return !bytes.Contains(output, []byte("***")) && !bytes.Contains(output, []byte(`"truncated":true`)) && !bytes.Contains(output, []byte(`"sha256":`))
}

// stored is the first existing one of some executions, or zero. An asynchronous
// execution exists from the moment it was accepted.
func (g *Gate) stored(ctx context.Context, tenant string, ids []model.ID) (model.ID, error) {
	for _, id := range ids {
		_, err := g.db.Execution(ctx, tenant, id)
		switch {
		case err == nil:
			return id, nil
		case model.CodeOf(err) != model.CodeExecutionNotFound:
			return model.ID{}, errUnknownRun(err)
		}
	}
	return model.ID{}, nil
}

func errUnknownRun(cause error) error {
	unclear := model.NewError(model.CodeUnavailable, "The server cannot check now whether this request has run before. Repeat it later.")
	unclear.Cause, unclear.Unsure = cause, true
	return unclear
}

func errNotWhole(id model.ID) error {
	lost := model.NewError(model.CodeRecordIncomplete,
		"This request has run, but its answer was lost with a server and its result is not recorded whole: look the execution up, or send a new key to run it again.")
	lost.ExecutionID = id
	return lost
}
