package handlers

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/repo"
)

type functionFigures struct {
	FunctionName  string     `json:"function_name"`
	Runs          countsView `json:"runs"`
	FailureRate   float64    `json:"failure_rate" doc:"The share of runs that failed, timed out or crashed, from 0 to 1"`
	MeanMS        *float64   `json:"mean_ms"`
	P50MS         *float64   `json:"p50_ms"`
	P99MS         *float64   `json:"p99_ms"`
	LastRunAt     timestamp  `json:"last_run_at" nullable:"true" doc:"When its last execution was created, in this span or not; null: none has ended in the last 7 days"`
	LastRun       *string    `json:"last_execution_id" format:"uuid"`
	LastFailureAt timestamp  `json:"last_failure_at" nullable:"true"`
	LastFailure   *string    `json:"last_failed_execution_id" format:"uuid"`

	durations histogram
	total     time.Duration
}

type functionStatsListOutput struct {
	Body struct {
		From      timestamp         `json:"from"`
		To        timestamp         `json:"to"`
		Complete  timestamp         `json:"complete_until" doc:"Executions that were created before it and have ended are counted"`
		Functions []functionFigures `json:"functions" nullable:"false" doc:"Those with runs in the span, by name"`
	}
}

var listFunctionStatsOp = huma.Operation{
	OperationID: "list-function-stats", Summary: "Count the executions of each function",
	Description: "Of runs that executions were made for; calls by siblings are in the graph.",
}

func (s *Server) listFunctionStats(ctx context.Context, in *SpanInput) (*functionStatsListOutput, error) {
	span, err := in.span(time.Now())
	if err != nil {
		return nil, err
	}
	sums, marks, complete, err := s.opts.DB.RunsByFunction(ctx, callFrom(ctx).tenant, span)
	if err != nil {
		return nil, err
	}
	found := map[string]*functionFigures{}
	for _, sum := range sums {
		f := found[sum.FunctionName]
		if f == nil {
			f = &functionFigures{FunctionName: sum.FunctionName, durations: histogram{}}
			found[sum.FunctionName] = f
		}
		f.Runs.add(sum.Status, sum.Runs)
		if timed(sum.Status) {
			f.durations[sum.Bucket] += sum.Runs
			f.total += sum.Duration
		}
	}
	out := &functionStatsListOutput{}
	out.Body.From, out.Body.To, out.Body.Complete = timestamp(span.From), timestamp(span.To), timestamp(earlier(complete, span.To))
	out.Body.Functions = make([]functionFigures, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		f := found[name]
		f.FailureRate = share(f.Runs.failures(), f.Runs.runs())
		f.MeanMS, f.P50MS, f.P99MS = f.durations.mean(f.total), f.durations.quantile(0.5), f.durations.quantile(0.99)
		f.mark(marks[name])
		out.Body.Functions = append(out.Body.Functions, *f)
	}
	return out, nil
}

func (f *functionFigures) mark(m repo.RunMark) {
	f.LastRunAt, f.LastRun = timestamp(m.RunAt), idOrNull(m.Run)
	f.LastFailureAt, f.LastFailure = timestamp(m.FailureAt), idOrNull(m.Failure)
}

// share is a part of a whole, to four places; 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return rounded(float64(part)/float64(whole)*10) / 10
}

// mean is the mean of the durations, whose sum is total.
func (h histogram) mean(total time.Duration) *float64 {
	var n int64
	for _, count := range h {
		n += count
	}
	if n == 0 {
		return nil
	}
	ms := rounded(total.Seconds() * 1000 / float64(n))
	return &ms
}
