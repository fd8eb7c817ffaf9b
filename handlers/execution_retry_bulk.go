package handlers

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/repo"
)

// RetryMatch selects the executions of a bulk retry.
type RetryMatch struct {
	ExecutionMatch
	BulkChoice
	After string `query:"after" json:"after,omitempty" format:"uuid" doc:"The next of an earlier answer: go on behind the executions that it was about"`
}

type executionsRetryInput struct {
	RetryMatch
	Body *RetryMatch `required:"false" doc:"The same members, in place of the query"`
}

type executionsRetryOutput struct {
	Body struct {
		Count      int    `json:"count" doc:"Executions that are run again; with dry_run, that would be"`
		DryRun     bool   `json:"dry_run" doc:"Nothing was stored"`
		Incomplete int    `json:"incomplete" doc:"Those left out because their recorded input is incomplete"`
		Missing    int    `json:"missing" doc:"Those left out because their function was deleted"`
		Refused    int    `json:"refused" doc:"Those left out because their function no longer accepts their input, or can't be loaded"`
		More       bool   `json:"more" doc:"There may be more: one call runs at most 10,000 again, and looks at 100,000. Repeat it, with after"`
		Next       string `json:"next,omitempty" format:"uuid" doc:"With more: the value of after that goes on where this call ended, past what it has left out"`
	}
}

// retriable are the states of executions that a bulk retry runs again.
var retriable = []model.Status{model.StatusFailed, model.StatusTimedOut, model.StatusCrashed}

const (
	// retryBatch is how many executions a bulk retry reads in one query.
	retryBatch = 500
	// retryBytes limits the inputs in memory, and in one transaction; a larger
	// input has a transaction of its own.
	retryBytes = 4 << 20
	// mostRetries is how many executions one call retries.
	mostRetries = 10_000
	// mostLooked is how many executions one call reads; most of them are left out.
	mostLooked = 100_000
)

var retryExecutionsOp = huma.Operation{OperationID: "retry-executions", Summary: "Run again, with the same input, all that match and failed", DefaultStatus: http.StatusAccepted}

func (s *Server) retryExecutions(ctx context.Context, in *executionsRetryInput) (*executionsRetryOutput, error) {
	match, at, err := bulkMatch(in.RetryMatch, in.Body)
	if err != nil {
		return nil, err
	}
	filter, err := match.BulkChoice.filter(match.ExecutionMatch, at, retriable)
	if err != nil {
		return nil, err
	}
	after, err := optionalID(match.After, at+"/after")
	if err != nil {
		return nil, err
	}
	out := &executionsRetryOutput{}
	out.Body.DryRun = match.DryRun
	if len(filter.Statuses) == 0 {
		return out, nil // no selected status is a failure
	}
	defer func() {
		if out.Body.Count > 0 && !match.DryRun {
			s.opts.Engine.Wake()
		}
	}()
	for looked := 0; looked < mostLooked && out.Body.Count < mostRetries; {
		found, err := s.opts.DB.Retriable(ctx, callFrom(ctx).tenant, filter, after, retryBatch)
		if err == nil {
			err = s.retryEach(ctx, found, out)
		}
		if err != nil && (out.Body.Count > 0 || looked > 0) {
			// Some retries are stored. The response reports them, and where to continue.
			s.opts.Log.Warn("a bulk retry ended early", slog.String("tenant", callFrom(ctx).tenant), slog.Any("error", err))
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

// retryEach stores the retries of executions, as many in one transaction as
// retryBytes allows.
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

// functionPlan is the plan to run a function, or the error that prevents it.
type functionPlan struct {
	engine.Plan
	err error
}

// retryChunk stores the retries of executions in one transaction.
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
			continue // it was dropped with its partition
		}
		plan, planned := plans[e.Function]
		if !planned {
			plan.Plan, plan.err = s.opts.Engine.Plan(ctx, tenant, e.Function)
			plans[e.Function] = plan
		}
		run, err := model.QueuedRun{}, plan.err
		if err == nil {
			request := again(tenant, e.Function, e.ID, e.TriggerID, input)
			// Linked to the caller's span: thousands of spans of their own, of storing
			// them, would leave no room for others.
			request.TraceParent, request.Repeats = callFrom(ctx).traceParent(), e.TraceParent
			run, err = s.opts.Engine.Prepare(ctx, plan.Plan, request, engine.Later{Priority: model.PriorityLast, Fitting: true})
		}
		switch code := model.CodeOf(err); {
		case err == nil:
			runs = append(runs, run)
		case code == model.CodeFunctionNotFound:
			missing++
		case code == model.CodeUnavailable || ctx.Err() != nil:
			return err // no run is possible now
		case code == model.CodeInternal:
			s.opts.Log.Warn("an execution can't be run again", slog.String("tenant", tenant), slog.Any("execution_id", e.ID), slog.Any("error", err))
			refused++
		default:
			refused++
		}
	}
	stored := len(runs)
	if !out.Body.DryRun {
		if stored, err = s.opts.DB.QueueRetries(ctx, tenant, runs); err != nil {
			return err
		}
	}
	out.Body.Count += stored
	out.Body.Missing += missing
	out.Body.Refused += refused
	return nil
}
