package engine

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestReportsThatNoHonestChildMakes: each is refused, and the record is a tree of the
// steps that were begun.
func TestReportsThatNoHonestChildMakes(t *testing.T) {
	t.Parallel()
	failure := func(kind model.FailureKind) *model.Failure { return &model.Failure{Kind: kind, Type: "ValueError"} }
	began := func(change func(*model.StepBegan)) func(model.RemoteHost) error {
		return func(h model.RemoteHost) error {
			report := model.StepBegan{Step: 3, Function: "echo", Version: 1, Started: time.Now(), Input: []byte(`1`)}
			change(&report)
			return h.StepBegan(report)
		}
	}
	ended := func(change func(*model.StepEnded)) func(model.RemoteHost) error {
		return func(h model.RemoteHost) error {
			report := model.StepEnded{Step: 2, Duration: time.Nanosecond, Output: []byte(`1`)}
			change(&report)
			return h.StepEnded(report)
		}
	}
	line := func(change func(*model.LogLine)) func(model.RemoteHost) error {
		return func(h model.RemoteHost) error {
			line := model.LogLine{Time: time.Now(), Text: "x"}
			change(&line)
			return h.Line(1, line)
		}
	}
	hostile := map[string]func(model.RemoteHost) error{
		"a step twice":                 began(func(r *model.StepBegan) { r.Step = 2 }),
		"step 0":                       began(func(r *model.StepBegan) { r.Step = 0 }),
		"a step that skips some":       began(func(r *model.StepBegan) { r.Step = 5 }),
		"the greatest step":            began(func(r *model.StepBegan) { r.Step = 1<<32 - 1 }),
		"a parent that has not begun":  began(func(r *model.StepBegan) { r.Parent = 4 }),
		"a step within itself":         began(func(r *model.StepBegan) { r.Parent = 3 }),
		"an unknown function":          began(func(r *model.StepBegan) { r.Function = "nowhere" }),
		"an unknown version":           began(func(r *model.StepBegan) { r.Version = 2 }),
		"a negative version":           began(func(r *model.StepBegan) { r.Version = -1 }),
		"an input that is not JSON":    began(func(r *model.StepBegan) { r.Input = []byte(`{"a":`) }),
		"no input":                     began(func(r *model.StepBegan) { r.Input = nil }),
		"an input of 600 levels":       began(func(r *model.StepBegan) { r.Input = []byte(strings.Repeat("[", 600) + strings.Repeat("]", 600)) }),
		"a beginning in the year 0":    began(func(r *model.StepBegan) { r.Started = time.Time{} }),
		"a beginning tomorrow":         began(func(r *model.StepBegan) { r.Started = time.Now().Add(24 * time.Hour) }),
		"an end without a beginning":   ended(func(r *model.StepEnded) { r.Step = 7 }),
		"the end of the execution":     ended(func(r *model.StepEnded) { r.Step = 0 }),
		"a second end":                 ended(func(r *model.StepEnded) { r.Step = 1 }),
		"a negative duration":          ended(func(r *model.StepEnded) { r.Duration = -1 }),
		"a duration of 300 years":      ended(func(r *model.StepEnded) { r.Duration = 1<<63 - 1 }),
		"an output that is not JSON":   ended(func(r *model.StepEnded) { r.Output = []byte("\xff") }),
		"neither output nor failure":   ended(func(r *model.StepEnded) { r.Output = nil }),
		"a failure of no kind":         ended(func(r *model.StepEnded) { r.Failure = failure(0) }),
		"a failure of an unknown kind": ended(func(r *model.StepEnded) { r.Failure = failure(200) }),
		"a stop of the server":         ended(func(r *model.StepEnded) { r.Failure = failure(model.FailureStopped) }),
		"an unknown stream":            line(func(l *model.LogLine) { l.Stream = "stdwhere" }),
		"a line of a megabyte":         line(func(l *model.LogLine) { l.Text = strings.Repeat("x", 1<<20) }),
		"fields that are no object":    line(func(l *model.LogLine) { l.Fields = json.RawMessage(`[1]`) }),
		"fields that are not JSON":     line(func(l *model.LogLine) { l.Fields = json.RawMessage(`{"a":}`) }),
		"a line of the year 9999":      line(func(l *model.LogLine) { l.Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }),
	}
	b := setup(t)
	b.opts.RunningAfter = time.Minute // all steps are in the record at the end
	b.define(t, "hostile", model.Function{Code: "hostile"})
	for name, report := range hostile {
		b.lane.functions["hostile"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
			host := call.Host.(model.RemoteHost)
			_, raise := host.Resolve("echo")
			require.Nil(t, raise)
			for step := range model.StepRef(2) {
				require.NoError(t, host.StepBegan(model.StepBegan{Step: step + 1, Parent: step, Function: "echo", Version: 1, Started: time.Now(), Input: []byte(`1`)}))
			}
			require.NoError(t, host.StepEnded(model.StepEnded{Step: 1, Duration: 1, Output: []byte(`"one"`)}))
			require.Error(t, report(host), name)
			return []byte(`"over"`), nil
		}
		_, err := b.run(t, "hostile", `1`)
		require.NoError(t, err)
		record := b.book.last()
		require.Len(t, record.Steps, 2, name)
		require.Equal(t, model.StatusCompleted, record.Steps[0].Status)
		require.JSONEq(t, `"one"`, string(record.Steps[0].Output))
		require.Equal(t, model.StatusFailed, record.Steps[1].Status)
		require.Equal(t, model.ErrorAbandoned, *record.Steps[1].ErrorType)
		require.Equal(t, record.Steps[0].ID, record.Steps[1].ParentID)
	}
}

// TestReportsBeyondTheBounds: a child that checks neither MAX_STEPS nor the depth, and
// one whose clock is another one.
func TestReportsBeyondTheBounds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.MaxSteps, b.opts.RunningAfter = 200, time.Minute
	b.define(t, "hostile", model.Function{Code: "hostile"})
	refusedAt := func(parentOf func(step model.StepRef) model.StepRef) (refused model.StepRef) {
		b.lane.functions["hostile"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
			host := call.Host.(model.RemoteHost)
			_, raise := host.Resolve("echo")
			require.Nil(t, raise)
			for step := model.StepRef(1); ; step++ {
				began := model.StepBegan{Step: step, Parent: parentOf(step), Function: "echo", Version: 1, Started: time.Now().Add(-time.Minute), Input: []byte(`1`)}
				if step%2 == 0 {
					began.Started = time.Now().Add(time.Minute)
				}
				if host.StepBegan(began) != nil {
					refused = step
					return []byte(`1`), nil
				}
			}
		}
		_, err := b.run(t, "hostile", `1`)
		require.NoError(t, err)
		record := b.book.last()
		for _, s := range record.Steps {
			require.False(t, s.StartedAt.Before(record.Execution.StartedAt))
			require.False(t, s.CompletedAt.After(record.Execution.CompletedAt))
		}
		return refused
	}
	require.EqualValues(t, 201, refusedAt(func(model.StepRef) model.StepRef { return 0 }))
	require.EqualValues(t, 101, refusedAt(func(step model.StepRef) model.StepRef { return step - 1 }))
}

// TestReportsAfterTheEnd are those of a child that has not heard of it yet.
func TestReportsAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var host model.RemoteHost
	b.lane.functions["keeps"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		host = call.Host.(model.RemoteHost)
		_, raise := host.Resolve("echo")
		require.Nil(t, raise)
		return []byte(`1`), nil
	}
	b.define(t, "keeps", model.Function{Code: "keeps"})
	_, err := b.run(t, "keeps", `1`)
	require.NoError(t, err)
	require.NoError(t, host.StepBegan(model.StepBegan{Step: 1, Function: "echo", Version: 1, Started: time.Now(), Input: []byte(`1`)}))
	require.NoError(t, host.StepEnded(model.StepEnded{Step: 1, Output: []byte(`1`)}))
	require.NoError(t, host.Line(1, model.LogLine{Time: time.Now(), Text: "late"}))
	require.Empty(t, b.book.last().Steps)
}

// TestLinesBeyondTheRate are left out, of all children of a subtenant together, and the
// log says so.
func TestLinesBeyondTheRate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	line := strings.Repeat("x", 1000)
	b.lane.functions["talks"] = func(_ context.Context, call model.Call, _ model.StepRef, _ json.RawMessage) (json.RawMessage, *model.Failure) {
		host := call.Host.(model.RemoteHost)
		for range 5000 {
			require.NoError(t, host.Line(0, model.LogLine{Time: time.Now(), Stream: "stdout", Text: line}))
		}
		return []byte(`1`), nil
	}
	b.define(t, "talks", model.Function{Code: "talks"})
	_, err := b.run(t, "talks", `1`)
	require.NoError(t, err)
	lines, omissions := 0, 0
	for _, event := range b.book.events {
		switch {
		case event.Text == line:
			lines++
		case strings.Contains(event.Text, "left out: more than 1 MB/s"):
			omissions++
		}
	}
	require.Greater(t, lines, 900)
	require.Less(t, lines, 5000)
	require.NotZero(t, omissions)
}
