package handlers

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
	"maestro/repo"
)

// CancelMatch selects the executions of a bulk cancel.
type CancelMatch struct {
	ExecutionMatch
	BulkChoice
	After string `query:"after" json:"after,omitempty" maxLength:"1024" doc:"The next of an earlier answer: go on where that call ended"`
}

type executionsCancelInput struct {
	CancelMatch
	Body *CancelMatch `required:"false" doc:"The same members, in place of the query"`
}

type executionsCancelOutput struct {
	Body struct {
		Count  int    `json:"count" doc:"Executions that were requested to end; with dry_run, that would be"`
		DryRun bool   `json:"dry_run" doc:"Nothing was changed"`
		More   bool   `json:"more" doc:"There may be more: one call cancels at most 10,000. Repeat it, with after"`
		Next   string `json:"next,omitempty" doc:"With more: the value of after that goes on where this call ended"`
	}
}

// cancellable are the states of executions that can be cancelled.
var cancellable = []model.Status{model.StatusPending, model.StatusRunning}

const (
	// cancelBatch is how many executions a bulk cancel reads in one query.
	cancelBatch = 100
	// mostCancels is how many executions one call cancels.
	mostCancels = 10_000
)

var cancelExecutionsOp = huma.Operation{OperationID: "cancel-executions", Summary: "Ask all runs that match, and have not ended, to stop", DefaultStatus: http.StatusAccepted}

func (s *Server) cancelExecutions(ctx context.Context, in *executionsCancelInput) (*executionsCancelOutput, error) {
	match, at, err := bulkMatch(in.CancelMatch, in.Body)
	if err != nil {
		return nil, err
	}
	filter, err := match.BulkChoice.filter(match.ExecutionMatch, at, cancellable)
	if err != nil {
		return nil, err
	}
	out := &executionsCancelOutput{}
	out.Body.DryRun = match.DryRun
	if len(filter.Statuses) == 0 {
		return out, nil // no selected status can be cancelled
	}
	filter.Page = repo.Page{Limit: cancelBatch, Cursor: match.After}
	for {
		next, err := s.cancelPage(ctx, filter, out)
		if err != nil && out.Body.Count > 0 && !match.DryRun {
			// Some are cancelled. The response reports them, and where to continue.
			s.opts.Log.Warn("a bulk cancel ended early", slog.String("tenant", callFrom(ctx).tenant), slog.Any("error", err))
			next = filter.Cursor
		} else if err != nil {
			return nil, err
		}
		if next == "" && err == nil {
			return out, nil
		}
		filter.Cursor = next
		if err != nil || out.Body.Count >= mostCancels {
			out.Body.More, out.Body.Next = true, next
			return out, nil
		}
	}
}

// cancelPage cancels, or counts, the executions of one page, and returns the cursor of the next.
func (s *Server) cancelPage(ctx context.Context, filter repo.ExecutionFilter, out *executionsCancelOutput) (next string, err error) {
	tenant := callFrom(ctx).tenant
	found, next, err := s.opts.DB.ListExecutions(ctx, tenant, filter)
	if err != nil {
		return "", err
	}
	for _, e := range found {
		if !out.Body.DryRun {
			err := s.cancel(ctx, tenant, e.ID)
			if code := model.CodeOf(err); code == model.CodeExecutionOver || code == model.CodeExecutionNotFound {
				continue // it ended meanwhile
			}
			if err != nil {
				return "", err
			}
		}
		out.Body.Count++
	}
	return next, nil
}
