package handlers

import (
	"math"
	"slices"
	"time"

	"maestro/internal/model"
	"maestro/repo"
)

// SpanInput is a range of time of figures.
type SpanInput struct {
	From Moment `query:"from" example:"-24h" doc:"The first moment, as since in the list of executions; an hour ago when left out. Whole minutes are counted, in spans above six hours whole hours: from is rounded down and to up. Figures are kept for 7 days"`
	To   Moment `query:"to" example:"2026-11-29" doc:"The last moment, as until in the list of executions; now when left out"`
}

// hoursFrom is the length of a span above which it consists of whole hours.
const hoursFrom = 6 * time.Hour

// span reads the range. Both ends are rounded outwards.
func (in *SpanInput) span(now time.Time) (span repo.Span, err error) {
	if span.From, err = in.From.time("/query/from", now, false); err != nil {
		return span, err
	}
	if span.To, err = in.To.time("/query/to", now, true); err != nil {
		return span, err
	}
	if span.To.IsZero() || span.To.After(now) {
		span.To = now
	}
	if span.From.IsZero() {
		span.From = span.To.Add(-time.Hour)
	}
	if kept := now.Add(-repo.SumsKept); span.From.Before(kept) {
		span.From = kept
	}
	if !span.From.Before(span.To) {
		return span, invalidAt("/query/from", "must be before to, and within the last 7 days")
	}
	unit := time.Minute
	if span.To.Sub(span.From) > hoursFrom {
		span.Hours, unit = true, time.Hour
	}
	span.From, span.To = span.From.UTC().Truncate(unit), span.To.UTC().Add(unit-1).Truncate(unit)
	return span, nil
}

// histogram counts durations by bucket.
type histogram map[int]int64

// quantile is the duration in milliseconds below which a share of the durations lies,
// between the bounds of its bucket; nil without durations.
func (h histogram) quantile(share float64) *float64 {
	var total int64
	buckets := make([]int, 0, len(h))
	for bucket, n := range h {
		total += n
		buckets = append(buckets, bucket)
	}
	if total == 0 {
		return nil
	}
	slices.Sort(buckets)
	rank := share * float64(total)
	var below float64
	for _, bucket := range buckets {
		n := float64(h[bucket])
		if below+n >= rank || bucket == buckets[len(buckets)-1] {
			least, beyond := repo.BucketBounds(bucket)
			part := min(max((rank-below)/n, 0), 1)
			ms := rounded((least.Seconds() + part*(beyond-least).Seconds()) * 1000)
			return &ms
		}
		below += n
	}
	return nil
}

// rounded is a number of milliseconds to the microsecond.
func rounded(ms float64) float64 { return math.Round(ms*1000) / 1000 }

// latencyView is a bucket of a histogram.
type latencyView struct {
	LeastMS float64 `json:"least_ms" doc:"The shortest duration of the bucket; the next bucket begins at 1.41 times it"`
	Runs    int64   `json:"runs"`
}

func (h histogram) view() []latencyView {
	views := make([]latencyView, 0, len(h))
	for bucket, n := range h {
		least, _ := repo.BucketBounds(bucket)
		views = append(views, latencyView{rounded(least.Seconds() * 1000), n})
	}
	slices.SortFunc(views, func(a, b latencyView) int {
		if a.LeastMS < b.LeastMS {
			return -1
		}
		return 1
	})
	return views
}

// timed reports whether an execution's duration says how long the function takes: it
// ran to an end of its own, or to its deadline.
func timed(status model.Status) bool {
	return status == model.StatusCompleted || status == model.StatusFailed || status == model.StatusTimedOut
}
