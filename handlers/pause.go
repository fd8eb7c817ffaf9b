package handlers

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

// pauseOutput tells who drains a function or subtenant when nothing of it runs any more.
type pauseOutput struct {
	Body struct {
		PausedAt timestamp `json:"paused_at" nullable:"true" doc:"Since when; null: it runs"`
		Running  int       `json:"running" doc:"Asynchronous runs that had begun, and go on to their end. Repeat the call until it is 0 to wait for them"`
		Waiting  int       `json:"waiting" doc:"Asynchronous runs that wait: for the end of the pause, or for their time"`
	}
}

func showPause(p repo.Pause) *pauseOutput {
	out := &pauseOutput{}
	out.Body.PausedAt, out.Body.Running, out.Body.Waiting = optionalTime(p.Since), p.Running, p.Waiting
	return out
}

// optionalTime shows a time that may be missing, as null.
func optionalTime(at *time.Time) timestamp {
	if at == nil {
		return timestamp{}
	}
	return timestamp(*at)
}

var (
	pauseFunctionOp = huma.Operation{
		OperationID: "pause-function", Summary: "Hold the runs of a function",
		Description: "Asynchronous runs, also of schedules, are accepted and wait; synchronous ones are a 503 `paused`. Runs that have begun go on, and siblings may call the function. A second pause changes nothing, and counts again.",
	}
	resumeFunctionOp  = huma.Operation{OperationID: "resume-function", Summary: "Run a paused function again, those first that have waited longest"}
	pauseSubtenantOp  = huma.Operation{OperationID: "pause-subtenant", Summary: "Hold the runs of all functions of a subtenant", Description: "As for a function."}
	resumeSubtenantOp = huma.Operation{OperationID: "resume-subtenant", Summary: "Run the functions of a paused subtenant again; those that are paused themselves stay so"}
)

func (s *Server) pauseFunction(ctx context.Context, in *FunctionPath) (*pauseOutput, error) {
	return s.setFunctionPause(ctx, in.Name, true)
}

func (s *Server) resumeFunction(ctx context.Context, in *FunctionPath) (*pauseOutput, error) {
	return s.setFunctionPause(ctx, in.Name, false)
}

func (s *Server) setFunctionPause(ctx context.Context, name string, paused bool) (*pauseOutput, error) {
	tenant := callFrom(ctx).tenant
	pause, err := s.opts.DB.PauseFunction(ctx, tenant, name, paused)
	if err != nil {
		return nil, err
	}
	s.FunctionsChanged(tenant)
	s.opts.Engine.Wake()
	return showPause(pause), nil
}

func (s *Server) pauseSubtenant(ctx context.Context, in *SubtenantPath) (*pauseOutput, error) {
	return s.setSubtenantPause(ctx, in.ID, true)
}

func (s *Server) resumeSubtenant(ctx context.Context, in *SubtenantPath) (*pauseOutput, error) {
	return s.setSubtenantPause(ctx, in.ID, false)
}

func (s *Server) setSubtenantPause(ctx context.Context, id string, paused bool) (*pauseOutput, error) {
	pause, err := s.opts.DB.PauseSubtenant(ctx, id, paused)
	if err != nil {
		return nil, err
	}
	s.PackagesChanged(id) // the pause is read with them
	s.opts.Engine.Wake()
	return showPause(pause), nil
}
