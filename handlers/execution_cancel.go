package handlers

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

type cancelOutput struct {
	Body struct {
		ExecutionID string `json:"execution_id" format:"uuid"`
		Message     string `json:"message"`
	}
}

var cancelExecutionOp = huma.Operation{OperationID: "cancel-execution", Summary: "Ask a run to stop", DefaultStatus: http.StatusAccepted}

// cancelExecution requests the end of the run; its status shows when it ended.
func (s *Server) cancelExecution(ctx context.Context, in *ExecutionPath) (*cancelOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	tenant := callFrom(ctx).tenant
	switch cancelled, queued := s.opts.Engine.Cancel(tenant, id); {
	case cancelled && !queued:
	case cancelled:
		// Should this server die before the run has ended, no other server may retry
		// it.
		if err := s.opts.DB.RequestCancel(ctx, tenant, id); err != nil {
			return nil, err
		}
	default:
		if waited, err := s.opts.Engine.CancelPending(ctx, tenant, id); err != nil || waited {
			return stopAsked(id), err
		}
		e, err := s.opts.DB.Execution(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		if e.Status.Final() {
			return nil, model.NewError(model.CodeExecutionOver, "The execution has ended: it is %s.", e.Status)
		}
		if err := s.opts.DB.RequestCancel(ctx, tenant, id); err != nil { // another server runs it
			return nil, err
		}
	}
	return stopAsked(id), nil
}

func stopAsked(id model.ID) *cancelOutput {
	out := &cancelOutput{}
	out.Body.ExecutionID, out.Body.Message = id.String(), "The run was requested to end."
	return out
}
