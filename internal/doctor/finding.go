package doctor

import (
	"context"
	"fmt"
	"time"
)

// State is how serious a finding is.
type State string

// The states.
const (
	OK      State = "ok"
	Warning State = "warning" // the server runs, with a disadvantage
	Failed  State = "failed"  // the server does not start, or does not do its work
	Skipped State = "skipped" // the check needs what another one has found missing
)

// Finding is the result of one check.
type Finding struct {
	Check  string `json:"check"`
	State  State  `json:"state"`
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"` // for all but OK: what to do
}

// Check examines one part.
type Check struct {
	Name     string
	Patience time.Duration // 0: 10 s
	Examine  func(ctx context.Context, report *Report)
}

// Report collects the findings of one check.
type Report struct {
	name     string
	findings []Finding
}

// OK adds a part that is as it should be.
func (r *Report) OK(format string, args ...any) { r.add(OK, "", format, args...) }

// Warn adds a disadvantage.
func (r *Report) Warn(advice, format string, args ...any) { r.add(Warning, advice, format, args...) }

// Fail adds what keeps the server from its work.
func (r *Report) Fail(advice, format string, args ...any) { r.add(Failed, advice, format, args...) }

// Skip adds what could not be examined.
func (r *Report) Skip(advice, format string, args ...any) { r.add(Skipped, advice, format, args...) }

func (r *Report) add(state State, advice, format string, args ...any) {
	r.findings = append(r.findings, Finding{Check: r.name, State: state, Text: fmt.Sprintf(format, args...), Advice: advice})
}

const patience = 10 * time.Second

// Run makes the checks one after the other, and calls found after each one. It reports
// whether none has failed. When ctx ends, so do the checks.
func Run(ctx context.Context, checks []Check, found func([]Finding)) (healthy bool) {
	healthy = true
	for _, check := range checks {
		report := &Report{name: check.Name}
		limit := check.Patience
		if limit == 0 {
			limit = patience
		}
		limited, cancel := context.WithTimeout(ctx, limit)
		check.Examine(limited, report)
		cancel()
		if ctx.Err() != nil {
			return false // what the check has found is that it was broken off
		}
		for _, f := range report.findings {
			healthy = healthy && f.State != Failed
		}
		found(report.findings)
	}
	return healthy
}
