package embed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/embed/lanetest"
	"maestro/internal/model"
)

// TestWorkBelongsToItsCall runs the programs of testdata/work: in the first call,
// in later ones, and in many at once, each step, line and result is in the record
// of the call that submitted the work, regardless of the thread.
func TestWorkBelongsToItsCall(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{OnTenantLog: func(tenant string, line model.LogLine) {
		t.Errorf("%s: a line of no call: %s", tenant, line.Text)
	}})
	files, err := filepath.Glob("testdata/work/*.py")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".py")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWork(t, h, name, file)
			for n := range 3 {
				w.check(n)
			}
			var group sync.WaitGroup
			for n := 3; n < 203; n++ {
				group.Go(func() { w.check(n) })
			}
			group.Wait()
		})
	}
}

// work is one program of testdata/work.
type work struct {
	t      *testing.T
	host   *Host
	engine *lanetest.Engine
}

func newWork(t *testing.T, h *Host, tenant, file string) *work {
	t.Helper()
	e := lanetest.NewEngine(h, compilerOf(t, h), tenant)
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"main": string(source),
		"note": "def note(n):\n    print('notes', n)\n    return n\n",
	} {
		e.Define(t, name, text)
	}
	return &work{t, h, e}
}

// start begins a call; its record is complete when the outcome is there.
func (w *work) start(n int, limit time.Duration) (*lanetest.Run, <-chan model.Outcome) {
	run := w.engine.NewRun("main")
	outcomes := make(chan model.Outcome, 1)
	go func() {
		outcome, err := w.host.Call(w.t.Context(), model.Call{
			Tenant: w.engine.Tenant, Program: run.Function, Input: fmt.Append(nil, n),
			Deadline: time.Now().Add(limit), Host: run,
		})
		if err != nil {
			w.t.Errorf("call %d: %v", n, err)
		}
		outcomes <- outcome
	}()
	return run, outcomes
}

var lastNumber = regexp.MustCompile(`\d+$`)

// check makes a call and looks at its record.
func (w *work) check(n int) {
	run, outcomes := w.start(n, time.Minute)
	outcome := <-outcomes
	if outcome.Failure != nil {
		w.t.Errorf("call %d: %s: %s\n%s", n, outcome.Failure.Type, outcome.Failure.Message, outcome.Failure.Traceback)
		return
	}
	number := fmt.Sprint(n)
	if string(outcome.Output) != number {
		w.t.Errorf("call %d: its result is %s", n, outcome.Output)
	}
	steps, lines := run.Recorded()
	if len(steps) == 0 || len(lines) == 0 {
		w.t.Errorf("call %d: %d steps and %d lines", n, len(steps), len(lines))
	}
	for _, step := range steps {
		if string(step.Input) != number || step.Error != "" || !step.Ended {
			w.t.Errorf("call %d: it has the step %s(%s) %s", n, step.Function, step.Input, step.Error)
		}
	}
	for _, line := range lines {
		if lastNumber.FindString(line) != number {
			w.t.Errorf("call %d: it has the line %q", n, line)
		}
	}
}
