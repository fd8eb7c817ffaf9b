package handlers

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

// QueueCounts are the runs in the queue of a function or subtenant.
type QueueCounts struct {
	Waiting  int       `json:"waiting" doc:"May begin now"`
	Delayed  int       `json:"delayed" doc:"Wait for their time, such as that of a retry"`
	Running  int       `json:"running" doc:"Of the asynchronous runs"`
	Oldest   *float64  `json:"oldest_seconds" doc:"For how long the oldest waiting run could have begun; null: none waits"`
	PausedAt timestamp `json:"paused_at" nullable:"true" doc:"Since when its runs are held; null: they run"`
}

type functionQueueView struct {
	FunctionName string `json:"function_name"`
	QueueCounts
	MaxConcurrency *int `json:"max_concurrency"`
}

type queueOutput struct {
	Body struct {
		QueueCounts
		Functions []functionQueueView `json:"functions" nullable:"false" doc:"Those that have runs in the queue, or are paused"`
	}
}

type subtenantQueueView struct {
	SubtenantID string `json:"subtenant_id"`
	QueueCounts
}

type subtenantQueueOutput struct {
	Body []subtenantQueueView `nullable:"false"`
}

var (
	getQueueOp = huma.Operation{OperationID: "get-queue", Summary: "Count the asynchronous runs that wait and run, by function"}

	listQueuesOp = huma.Operation{
		OperationID: "list-queues", Summary: "Count the asynchronous runs that wait and run, by subtenant",
		Description: "Subtenants without such runs are left out, unless they are paused.",
	}
)

func countsOf(d repo.QueueDepth) QueueCounts {
	counts := QueueCounts{Waiting: d.Waiting, Delayed: d.Delayed, Running: d.Running, PausedAt: optionalTime(d.PausedAt)}
	if d.Oldest >= 0 {
		seconds := d.Oldest.Seconds()
		counts.Oldest = &seconds
	}
	return counts
}

func (s *Server) getQueue(ctx context.Context, _ *struct{}) (*queueOutput, error) {
	tenant := callFrom(ctx).tenant
	subtenant, err := s.opts.DB.Subtenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	functions, err := s.opts.DB.QueueOf(ctx, tenant)
	if err != nil {
		return nil, err
	}
	out := &queueOutput{}
	out.Body.PausedAt, out.Body.Functions = optionalTime(subtenant.PausedAt), make([]functionQueueView, 0, len(functions))
	for _, f := range functions {
		counts := countsOf(f)
		out.Body.Waiting, out.Body.Delayed, out.Body.Running = out.Body.Waiting+f.Waiting, out.Body.Delayed+f.Delayed, out.Body.Running+f.Running
		if counts.Oldest != nil && (out.Body.Oldest == nil || *counts.Oldest > *out.Body.Oldest) {
			out.Body.Oldest = counts.Oldest
		}
		out.Body.Functions = append(out.Body.Functions, functionQueueView{f.Name, counts, f.MaxConcurrency})
	}
	return out, nil
}

func (s *Server) listQueues(ctx context.Context, _ *struct{}) (*subtenantQueueOutput, error) {
	found, err := s.opts.DB.QueueOfAll(ctx)
	if err != nil {
		return nil, err
	}
	out := &subtenantQueueOutput{Body: make([]subtenantQueueView, 0, len(found))}
	for _, one := range found {
		out.Body = append(out.Body, subtenantQueueView{one.Name, countsOf(one)})
	}
	return out, nil
}
