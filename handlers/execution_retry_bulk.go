package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/repo"
)

// RetryMatch says which executions a bulk retry is about.
type RetryMatch struct {
	ExecutionMatch
	All   bool   `query:"all" json:"all,omitempty" doc:"Every execution of the subtenant that failed is meant: needed when there is no filter"`
	After string `query:"after" json:"after,omitempty" format:"uuid" doc:"The next of an earlier answer: go on behind the executions that it was about"`
}

type executionsRetryInput struct {
	RetryMatch
	Body *RetryMatch `required:"false" doc:"The same members, in place of the query"`
}

// match is what the query or the body says. Without any filter it must say all: a
// filter that did not arrive must not mean every execution.
func (in *executionsRetryInput) match() (match RetryMatch, at string, err error) {
	match, at = in.RetryMatch, "/query"
	if in.Body != nil && !reflect.ValueOf(*in.Body).IsZero() {
		if !reflect.ValueOf(match).IsZero() {
			return match, at, invalid(model.Problem{Message: "has filters beside those of the query; give all of them in one place"})
		}
		match, at = *in.Body, ""
	}
	filtered := !reflect.ValueOf(match.ExecutionMatch).IsZero()
	switch {
	case filtered && match.All:
		return match, at, invalidAt(at+"/all", "stands beside a filter; leave one of them out")
	case !filtered && !match.All:
		return match, at, invalid(model.Problem{Pointer: at, Message: "names no filter; give one, such as function_name or since, or all=true for every execution that failed"})
	}
	return match, at, nil
}

type executionsRetryOutput struct {
	Body struct {
		Count      int    `json:"count" doc:"Executions that are run again"`
		Incomplete int    `json:"incomplete" doc:"Those left out because their input is not whole in the record"`
		Missing    int    `json:"missing" doc:"Those left out because their function is gone"`
		Refused    int    `json:"refused" doc:"Those left out because their function does not take their input any more, or can't be loaded"`
		More       bool   `json:"more" doc:"There may be more: one call runs at most 10,000 again, and looks at 100,000. Repeat it, with after"`
		Next       string `json:"next,omitempty" format:"uuid" doc:"With more: the value of after that goes on where this call ended, past what it has left out"`
	}
}

// retriable are the states of what a bulk retry runs again.
var retriable = []model.Status{model.StatusFailed, model.StatusTimedOut, model.StatusCrashed}

const (
	// retryBatch is how many executions a bulk retry looks at in one query.
	retryBatch = 500
	// retryBytes bounds the inputs that it holds in memory, and queues in one
	// transaction; a longer one is alone.
	retryBytes = 4 << 20
	// mostRetries is how many executions one call runs again.
	mostRetries = 10_000
	// mostLooked is how many it looks at: one that is left out costs little.
	mostLooked = 100_000
)

var retryExecutionsOp = huma.Operation{OperationID: "retry-executions", Summary: "Run again, with the same input, all that match and failed", DefaultStatus: http.StatusAccepted}

func (s *Server) retryExecutions(ctx context.Context, in *executionsRetryInput) (*executionsRetryOutput, error) {
	match, at, err := in.match()
	if err != nil {
		return nil, err
	}
	filter, err := match.filter(at)
	if err != nil {
		return nil, err
	}
	after, err := optionalID(match.After, at+"/after")
	if err != nil {
		return nil, err
	}
	if len(filter.Statuses) == 0 {
		filter.Statuses = retriable
	}
	filter.Statuses = slices.DeleteFunc(slices.Clone(filter.Statuses), func(status model.Status) bool { return !slices.Contains(retriable, status) })
	// What fails from now on, a retry of this call for one, is not meant.
	if now := time.Now(); filter.Until.IsZero() || filter.Until.After(now) {
		filter.Until = now
	}
	out := &executionsRetryOutput{}
	if len(filter.Statuses) == 0 {
		return out, nil // none of what is asked for has failed
	}
	defer func() {
		if out.Body.Count > 0 {
			s.opts.Engine.Wake()
		}
	}()
	for looked := 0; looked < mostLooked && out.Body.Count < mostRetries; {
		found, err := s.opts.DB.Retriable(ctx, callFrom(ctx).tenant, filter, after, retryBatch)
		if err == nil {
			err = s.retryEach(ctx, found, out)
		}
		if err != nil && (out.Body.Count > 0 || looked > 0) {
			// What was stored is stored, and what was looked at need not be again: the
			// caller must know of it.
			s.opts.Log.Warn("a bulk retry was broken off", slog.String("tenant", callFrom(ctx).tenant), slog.Any("error", err))
			break
		}
		if err != nil {
			return nil, err
		}
		if len(found) < retryBatch {
			return out, nil
		}
		looked += len(found)
		after = found[len(found)-1].ID
	}
	out.Body.More = true
	if !after.IsZero() {
		out.Body.Next = after.String()
	}
	return out, nil
}

// retryEach has executions run again, as many in one transaction as retryBytes
// allows.
func (s *Server) retryEach(ctx context.Context, found []repo.Retriable, out *executionsRetryOutput) error {
	var chunk []repo.Retriable
	held := 0
	for _, e := range found {
		switch {
		case !e.InputComplete:
			out.Body.Incomplete++
			continue
		case !e.Callable:
			out.Body.Missing++
			continue
		}
		if held += e.Bytes; held > retryBytes && len(chunk) > 0 {
			if err := s.retryChunk(ctx, chunk, out); err != nil {
				return err
			}
			chunk, held = chunk[:0], e.Bytes
		}
		chunk = append(chunk, e)
	}
	return s.retryChunk(ctx, chunk, out)
}

// functionPlan is what it takes to have a function run again, or why it can't be.
type functionPlan struct {
	engine.Plan
	err error
}

// retryChunk has executions run again, in one transaction.
func (s *Server) retryChunk(ctx context.Context, chunk []repo.Retriable, out *executionsRetryOutput) error {
	tenant := callFrom(ctx).tenant
	inputs, err := s.opts.DB.Inputs(ctx, tenant, chunk)
	if err != nil {
		return err
	}
	var runs []model.QueuedRun
	missing, refused := 0, 0
	plans := map[string]functionPlan{}
	for _, e := range chunk {
		input, found := inputs[e.ID]
		if !found {
			continue // it is gone, with its day
		}
		plan, planned := plans[e.Function]
		if !planned {
			plan.Plan, plan.err = s.opts.Engine.Plan(ctx, tenant, e.Function)
			plans[e.Function] = plan
		}
		run, err := model.QueuedRun{}, plan.err
		if err == nil {
			run, err = s.opts.Engine.Prepare(ctx, plan.Plan, again(tenant, e.Function, e.ID, e.TriggerID, input), engine.Later{Priority: model.PriorityLast, Fitting: true})
		}
		switch code := model.CodeOf(err); {
		case err == nil:
			runs = append(runs, run)
		case code == model.CodeFunctionNotFound:
			missing++
		case code == model.CodeUnavailable || ctx.Err() != nil:
			return err // nothing can be run now
		case code == model.CodeInternal:
			s.opts.Log.Warn("an execution can't be run again", slog.String("tenant", tenant), slog.Any("execution_id", e.ID), slog.Any("error", err))
			refused++
		default:
			refused++
		}
	}
	stored, err := s.opts.DB.QueueRetries(ctx, tenant, runs)
	if err != nil {
		return err
	}
	out.Body.Count += stored
	out.Body.Missing += missing
	out.Body.Refused += refused
	return nil
}
