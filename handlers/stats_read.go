package handlers

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"maestro/internal/model"
)

const (
	mostPoints   = 2000 // of one answer
	usualPoints  = 120
	smallestStep = 60
)

// statsSteps are the lengths of a step, in seconds, that an answer chooses by itself.
var statsSteps = []int{60, 300, 600, 1800, 3600, 7200, 21_600, 86_400}

type statsInput struct {
	SpanInput
	Step         int    `query:"step" minimum:"60" maximum:"604800" example:"300" doc:"Seconds of a point: whole minutes, in spans above six hours whole hours; chosen for about 100 points when left out"`
	FunctionName string `query:"function_name" minLength:"1" maxLength:"255"`
}

// countsView counts executions by their states.
type countsView struct {
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	TimedOut  int64 `json:"timed_out"`
	Cancelled int64 `json:"cancelled"`
	Crashed   int64 `json:"crashed"`
}

func (v *countsView) add(status model.Status, n int64) {
	switch status {
	case model.StatusCompleted:
		v.Completed += n
	case model.StatusFailed:
		v.Failed += n
	case model.StatusTimedOut:
		v.TimedOut += n
	case model.StatusCancelled:
		v.Cancelled += n
	case model.StatusCrashed:
		v.Crashed += n
	case model.StatusPending, model.StatusRunning: // are not counted before their end
	}
}

func (v *countsView) runs() int64 {
	return v.Completed + v.Failed + v.TimedOut + v.Cancelled + v.Crashed
}

func (v *countsView) failures() int64 { return v.Failed + v.TimedOut + v.Crashed }

type statsPoint struct {
	At      timestamp     `json:"at" doc:"Its first moment"`
	Runs    countsView    `json:"runs"`
	P50MS   *float64      `json:"p50_ms"`
	P99MS   *float64      `json:"p99_ms"`
	Latency []latencyView `json:"latency" nullable:"false" doc:"The durations of runs that were not cancelled and have not crashed, by bucket"`

	durations histogram
}

type statsOutput struct {
	Body struct {
		From     timestamp    `json:"from"`
		To       timestamp    `json:"to"`
		Step     int          `json:"step_seconds"`
		Complete timestamp    `json:"complete_until" doc:"Executions that were created before it and have ended are counted"`
		Runs     countsView   `json:"runs" doc:"Of all points"`
		P50MS    *float64     `json:"p50_ms"`
		P99MS    *float64     `json:"p99_ms"`
		Points   []statsPoint `json:"points" nullable:"false" doc:"From the first moment to the last, without gaps"`
	}
}

var showStatsOp = huma.Operation{
	OperationID: "show-stats", Summary: "Count executions over time",
	Description: "By state, with their durations. An execution counts once it has ended, at the time of its creation, and does so within seconds.",
}

func (s *Server) showStats(ctx context.Context, in *statsInput) (*statsOutput, error) {
	if fault := unstorable([]byte(in.FunctionName)); fault != "" {
		return nil, unmatched("/query/function_name", "The filter function_name", fault)
	}
	span, err := in.span(time.Now())
	if err != nil {
		return nil, err
	}
	unit := smallestStep
	if span.Hours {
		unit = 3600
	}
	length := int(span.To.Sub(span.From).Seconds())
	step := in.Step
	if step == 0 {
		i := slices.IndexFunc(statsSteps, func(step int) bool { return step >= unit && length/step <= usualPoints })
		step = statsSteps[cmp.Or(i, 0)]
	}
	switch {
	case step%unit != 0:
		return nil, invalidAt("/query/step", "must be a multiple of %d in a span of this length", unit)
	case length/step > mostPoints:
		return nil, invalidAt("/query/step", "makes more than %d points of this span; choose a longer one", mostPoints)
	}
	each := time.Duration(step) * time.Second
	sums, complete, err := s.opts.DB.RunsByTime(ctx, callFrom(ctx).tenant, in.FunctionName, span, each)
	if err != nil {
		return nil, err
	}
	out := &statsOutput{}
	out.Body.From, out.Body.To, out.Body.Step = timestamp(span.From), timestamp(span.To), step
	out.Body.Complete = timestamp(earlier(complete, span.To))
	points := make([]statsPoint, (length+step-1)/step)
	for i := range points {
		points[i].At, points[i].durations = timestamp(span.From.Add(time.Duration(i)*each)), histogram{}
	}
	all := histogram{}
	for _, sum := range sums {
		i := int(sum.At.Sub(span.From) / each)
		if i < 0 || i >= len(points) {
			continue
		}
		points[i].Runs.add(sum.Status, sum.Runs)
		out.Body.Runs.add(sum.Status, sum.Runs)
		if timed(sum.Status) {
			points[i].durations[sum.Bucket] += sum.Runs
			all[sum.Bucket] += sum.Runs
		}
	}
	for i := range points {
		p := &points[i]
		p.P50MS, p.P99MS, p.Latency = p.durations.quantile(0.5), p.durations.quantile(0.99), p.durations.view()
	}
	out.Body.P50MS, out.Body.P99MS, out.Body.Points = all.quantile(0.5), all.quantile(0.99), points
	return out, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
