package handlers

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

type graphInput struct {
	SpanInput
	FunctionName string `query:"function_name" minLength:"1" maxLength:"255" doc:"Only the calls by this function, and of it"`
}

type graphNode struct {
	ID    string `json:"id" example:"function:hello" doc:"The kind and what names it"`
	Kind  string `json:"kind" enum:"function,webhook,schedule,manual,retry,alert" doc:"A function, or what starts executions: a webhook, a schedule, a request for a run or for another run, a message about a failure"`
	Name  string `json:"name" doc:"Of a function or schedule; method and path of a webhook; empty for the other kinds. The id of a webhook or schedule that is gone"`
	Gone  bool   `json:"gone,omitempty" doc:"It was deleted; missing otherwise"`
	Calls int64  `json:"calls" doc:"Of a function: how often it was called, by all callers in this answer"`
}

type graphEdge struct {
	From     string   `json:"from" doc:"The id of the caller's node"`
	To       string   `json:"to" doc:"The id of the function's node"`
	Spawned  bool     `json:"spawned,omitempty" doc:"By maestro.spawn, as an execution of its own; missing otherwise"`
	Calls    int64    `json:"calls"`
	Failures int64    `json:"failures" doc:"Calls that failed, timed out or crashed"`
	MeanMS   *float64 `json:"mean_ms"`
	P50MS    *float64 `json:"p50_ms"`
	P99MS    *float64 `json:"p99_ms"`

	durations histogram
	total     time.Duration
}

type graphOutput struct {
	Body struct {
		From     timestamp   `json:"from"`
		To       timestamp   `json:"to"`
		Complete timestamp   `json:"complete_until" doc:"The calls of executions that were created before it and have ended are counted"`
		Nodes    []graphNode `json:"nodes" nullable:"false"`
		Edges    []graphEdge `json:"edges" nullable:"false"`
		Cut      bool        `json:"cut" doc:"There are more edges: these are the ones with the most calls"`
	}
}

// mostEdges bounds a graph: a program that calls by computed names may make any number.
const mostEdges = 5000

var showGraphOp = huma.Operation{
	OperationID: "show-graph", Summary: "Show which functions call each other",
	Description: "As recorded in the steps of executions, with what starts the executions. An execution's calls count once it has ended, at the time of its creation, and do so within half a minute.",
}

func (s *Server) showGraph(ctx context.Context, in *graphInput) (*graphOutput, error) {
	if fault := unstorable([]byte(in.FunctionName)); fault != "" {
		return nil, unmatched("/query/function_name", "The filter function_name", fault)
	}
	span, err := in.span(time.Now())
	if err != nil {
		return nil, err
	}
	tenant := callFrom(ctx).tenant
	sums, complete, err := s.opts.DB.Calls(ctx, tenant, in.FunctionName, span)
	if err != nil {
		return nil, err
	}
	type key struct {
		from, to string
		spawned  bool
	}
	edges := map[key]*graphEdge{}
	for _, sum := range sums {
		kind, spawned := sum.Kind, sum.Kind == string(model.TriggerSpawn)
		if spawned {
			kind = "function"
		}
		k := key{kind + ":" + sum.Caller, "function:" + sum.FunctionName, spawned}
		e := edges[k]
		if e == nil {
			e = &graphEdge{From: k.from, To: k.to, Spawned: spawned, durations: histogram{}}
			edges[k] = e
		}
		e.Calls += sum.Calls
		if sum.Failed {
			e.Failures += sum.Calls
		}
		e.durations[sum.Bucket] += sum.Calls
		e.total += sum.Duration
	}
	out := &graphOutput{}
	out.Body.From, out.Body.To, out.Body.Complete = timestamp(span.From), timestamp(span.To), timestamp(earlier(complete, span.To))
	out.Body.Edges = make([]graphEdge, 0, len(edges))
	for _, e := range edges {
		e.MeanMS, e.P50MS, e.P99MS = e.durations.mean(e.total), e.durations.quantile(0.5), e.durations.quantile(0.99)
		out.Body.Edges = append(out.Body.Edges, *e)
	}
	slices.SortFunc(out.Body.Edges, func(a, b graphEdge) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), compareBool(a.Spawned, b.Spawned))
	})
	if out.Body.Cut = len(out.Body.Edges) > mostEdges; out.Body.Cut {
		out.Body.Edges = out.Body.Edges[:mostEdges]
	}
	out.Body.Nodes, err = s.graphNodes(ctx, tenant, out.Body.Edges)
	return out, err
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
