package handlers

import (
	"cmp"
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

type interpreterListInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most"`
}

// interpreterSum is a subtenant's interpreters in a list.
type interpreterSum struct {
	SubtenantID  string `json:"subtenant_id"`
	State        string `json:"state" example:"serving"`
	Calls        int    `json:"calls" doc:"Calls that run"`
	Memory       int64  `json:"memory_bytes" doc:"Memory that its interpreter and its processes hold"`
	Processes    int    `json:"processes"`
	StuckThreads int    `json:"stuck_threads"`
	Refused      bool   `json:"refused" doc:"New calls are answered with 503 subtenant_stuck"`
}

type interpreterListOutput struct {
	Body []interpreterSum `nullable:"false"`
}

var listInterpretersOp = huma.Operation{
	OperationID: "list-interpreters", Summary: "List the interpreters of this server by the memory that they hold, the largest first",
	Description: "One entry for each subtenant that has an interpreter or processes on the server that answers.",
}

func (s *Server) listInterpreters(_ context.Context, in *interpreterListInput) (*interpreterListOutput, error) {
	out := &interpreterListOutput{Body: []interpreterSum{}}
	for _, tenant := range s.opts.Interpreters.Interpreters() {
		status := s.opts.Interpreters.Interpreter(tenant)
		out.Body = append(out.Body, interpreterSum{
			SubtenantID: tenant, State: status.State, Calls: status.Calls, Memory: memoryOf(status),
			Processes: len(status.Processes), StuckThreads: len(status.Stuck), Refused: status.Refused,
		})
	}
	slices.SortFunc(out.Body, func(a, b interpreterSum) int {
		return cmp.Or(cmp.Compare(b.Memory, a.Memory), cmp.Compare(a.SubtenantID, b.SubtenantID))
	})
	if len(out.Body) > in.Limit {
		out.Body = out.Body[:in.Limit]
	}
	return out, nil
}

// memoryOf is what an interpreter and the processes of its subtenant hold.
func memoryOf(status model.InterpreterStatus) int64 {
	memory := status.Memory
	for _, process := range status.Processes {
		memory += process.Memory
	}
	return memory
}
