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
	if err := s.cancel(ctx, callFrom(ctx).tenant, id); err != nil {
		return nil, err
	}
	out := &cancelOutput{}
	out.Body.ExecutionID, out.Body.Message = id.String(), "The run was requested to end."
	return out, nil
}

// cancel asks a run to stop that waits or is in progress, here or on another server.
func (s *Server) cancel(ctx context.Context, tenant string, id model.ID) error {
	cancelled, queued := s.opts.Engine.Cancel(tenant, id)
	if cancelled && !queued {
		return nil
	}
	if cancelled {
		// Should this server die before the run has ended, no other server may retry
		// it.
		return s.opts.DB.RequestCancel(ctx, tenant, id)
	}
	if waited, err := s.opts.Engine.CancelPending(ctx, tenant, id); err != nil || waited {
		return err
	}
	e, err := s.opts.DB.Execution(ctx, tenant, id)
	if err != nil {
		return err
	}
	if e.Status.Final() {
		return model.NewError(model.CodeExecutionOver, "The execution has ended: it is %s.", e.Status)
	}
	return s.opts.DB.RequestCancel(ctx, tenant, id) // another server runs it
}
