package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

// BacklogView counts asynchronous runs.
type BacklogView struct {
	Delayed   int64   `json:"delayed" doc:"Not due yet"`
	Waiting   int64   `json:"waiting" doc:"Due, and not begun"`
	Running   int64   `json:"running" doc:"Claimed by a server"`
	OldestSec float64 `json:"oldest_waiting_seconds" doc:"How long the oldest of the waiting ones waits"`
}

func (v *BacklogView) add(b *repo.QueueBacklog) {
	v.Delayed, v.Waiting, v.Running = v.Delayed+b.Delayed, v.Waiting+b.Waiting, v.Running+b.Running
	v.OldestSec = max(v.OldestSec, rounded(b.Oldest.Seconds()))
}

type functionBacklog struct {
	FunctionName string `json:"function_name"`
	BacklogView
}

type queueOutput struct {
	Body struct {
		BacklogView
		Functions []functionBacklog `json:"functions" nullable:"false" doc:"Those with runs in the queue, by name"`
	}
}

var showQueueOp = huma.Operation{
	OperationID: "show-queue", Summary: "Count the asynchronous runs that wait or run",
	Description: "Of the caller's subtenant, on all servers. Whether a function or the subtenant is paused is in theirs.",
}

func (s *Server) showQueue(ctx context.Context, _ *struct{}) (*queueOutput, error) {
	found, err := s.opts.DB.QueueByFunction(ctx, callFrom(ctx).tenant)
	if err != nil {
		return nil, err
	}
	out := &queueOutput{}
	out.Body.Functions = make([]functionBacklog, len(found))
	for i := range found {
		out.Body.add(&found[i])
		out.Body.Functions[i].FunctionName = found[i].Name
		out.Body.Functions[i].add(&found[i])
	}
	return out, nil
}

// loadView is what a subtenant holds on this server and in the queue.
type loadView struct {
	SubtenantID string      `json:"subtenant_id"`
	State       string      `json:"state" example:"serving" doc:"Of its interpreter or processes; none when it has none at present"`
	Calls       int         `json:"calls" doc:"Calls that run here"`
	Refused     bool        `json:"refused" doc:"New calls are answered with 503 subtenant_stuck"`
	Stuck       int         `json:"stuck" doc:"Threads in calls that could not be stopped"`
	Memory      int64       `json:"memory_bytes" doc:"Memory that its interpreter and its processes hold"`
	Queue       BacklogView `json:"queue" doc:"Its asynchronous runs, on all servers"`
}

var listLoadsOp = huma.Operation{
	OperationID: "list-loads", Summary: "List what each subtenant holds: memory, calls, queued runs",
	Description: "Memory and calls are those of the server that answers, the queue is that of all servers. Subtenants with neither are left out.",
}

type loadsOutput struct {
	Body []loadView `nullable:"false"`
}

func (s *Server) listLoads(ctx context.Context, _ *struct{}) (*loadsOutput, error) {
	found, err := s.opts.DB.QueueByTenant(ctx)
	if err != nil {
		return nil, err
	}
	queues := make(map[string]*repo.QueueBacklog, len(found))
	for i := range found {
		queues[found[i].Name] = &found[i]
	}
	out := &loadsOutput{Body: []loadView{}}
	for page := (repo.Page{Limit: 1000}); ; {
		tenants, next, err := s.opts.DB.ListSubtenants(ctx, page)
		if err != nil {
			return nil, err
		}
		for i := range tenants {
			id := tenants[i].ID
			status, queue := s.opts.Interpreters.Interpreter(id), queues[id]
			if status.State == "none" && status.Calls == 0 && len(status.Stuck) == 0 && queue == nil {
				continue
			}
			view := loadView{SubtenantID: id, State: status.State, Calls: status.Calls, Refused: status.Refused, Stuck: len(status.Stuck), Memory: status.Memory}
			for _, process := range status.Processes {
				view.Memory += process.Memory
			}
			if queue != nil {
				view.Queue.add(queue)
			}
			out.Body = append(out.Body, view)
		}
		if next == "" {
			return out, nil
		}
		page.Cursor = next
	}
}
