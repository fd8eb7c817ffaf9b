package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

// Interpreters says how the Python interpreters of this server are, and ends them.
type Interpreters interface {
	Interpreter(tenant string) model.InterpreterStatus
	Free(tenant string) model.InterpreterStatus
}

var getInterpreterOp = huma.Operation{
	OperationID: "get-interpreter", Summary: "Get a subtenant's interpreter and its stuck threads",
	Description: "The state on the server that answers. A thread is stuck when its call could not be stopped after its deadline.",
}

var freeInterpreterOp = huma.Operation{
	OperationID: "free-interpreter", Summary: "End a subtenant's interpreter",
	Description: "Running calls are cancelled, and the next call gets another interpreter, with modules imported anew. " +
		"Threads that are stuck cannot be ended: they remain, but no longer count against the subtenant, so that its calls are accepted again. " +
		"It concerns the server that answers.",
}

type interpreterOutput struct{ Body interpreterView }

// interpreterView is a subtenant's interpreter in an answer.
type interpreterView struct {
	State        string            `json:"state" example:"serving" doc:"Of the interpreter: none, serving, suspect while a call is being stopped; in the process lane that of the processes."`
	Calls        int               `json:"calls" doc:"Calls that run in it."`
	Refused      bool              `json:"refused" doc:"New calls are answered with 503 subtenant_stuck."`
	StuckThreads []stuckThreadView `json:"stuck_threads" doc:"Threads in calls that could not be stopped."`
	Parked       int               `json:"parked" doc:"Threads of those that wait for ever and use no processor."`
	Leaked       int               `json:"leaked" doc:"Interpreters that could not be ended."`
	StuckMax     int               `json:"stuck_max" doc:"Stuck threads and leaked interpreters together from which on calls are refused."`
	Memory       int64             `json:"memory_bytes" doc:"Memory that it holds, without that of the processes."`
	Processes    []processView     `json:"processes" doc:"Child processes of the subtenant, whose functions run in the process lane."`
}

type processView struct {
	Pid    int    `json:"pid"`
	State  string `json:"state" example:"serving" doc:"Of the process: starting, serving, leaving while it takes no new calls, ending."`
	Calls  int    `json:"calls" doc:"Calls that run in it."`
	Late   int    `json:"late" doc:"Calls of those that go on after their deadline."`
	Memory int64  `json:"memory_bytes" doc:"Memory that it holds."`
}

type stuckThreadView struct {
	Function string  `json:"function" example:"import_rows"`
	Seconds  float64 `json:"seconds" doc:"Since the thread was given up."`
}

func (s *Server) getInterpreter(ctx context.Context, in *SubtenantPath) (*interpreterOutput, error) {
	if _, err := s.opts.DB.Subtenant(ctx, in.ID); err != nil {
		return nil, err
	}
	return interpreterOf(s.opts.Interpreters.Interpreter(in.ID)), nil
}

func (s *Server) freeInterpreter(ctx context.Context, in *SubtenantPath) (*interpreterOutput, error) {
	if _, err := s.opts.DB.Subtenant(ctx, in.ID); err != nil {
		return nil, err
	}
	return interpreterOf(s.opts.Interpreters.Free(in.ID)), nil
}

func interpreterOf(status model.InterpreterStatus) *interpreterOutput {
	view := interpreterView{
		State: status.State, Calls: status.Calls, Refused: status.Refused, Parked: status.Parked,
		Leaked: status.Leaked, Memory: status.Memory, StuckMax: status.StuckCap, StuckThreads: []stuckThreadView{}, Processes: []processView{},
	}
	for _, thread := range status.Stuck {
		view.StuckThreads = append(view.StuckThreads, stuckThreadView(thread))
	}
	for _, process := range status.Processes {
		view.Processes = append(view.Processes, processView(process))
	}
	return &interpreterOutput{view}
}
