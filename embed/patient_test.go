package embed

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// runPatiently makes the call of an asynchronous run.
func runPatiently(ctx context.Context, h *Host, tenant string, p *model.Program, patient *model.Patient) (model.Outcome, error) {
	return h.Call(ctx, model.Call{Tenant: tenant, Program: p, Input: []byte("null"), Host: noSiblings{}, Patient: patient})
}

func always(time.Time) bool { return true }

func TestAPatientCallWaitsAsLongAsItTakes(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 4, WaitLimit: 10 * time.Millisecond}) // one thread for a subtenant
	b := newBlocker()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = run(t.Context(), h, "a", b.program, "null") })
	eventually(t, func() bool { return b.started.Load() == 1 }, "it has the one thread that it may have")
	deadlines := make(chan time.Time, 1)
	wg.Go(func() {
		outcome, err := runPatiently(t.Context(), h, "a", fakeProgram(func(fakeCall) string { return "5" }), &model.Patient{
			Limit: 10 * time.Second, Begin: func(deadline time.Time) bool { deadlines <- deadline; return true },
		})
		if err != nil || string(outcome.Output) != "5" {
			t.Errorf("got %s, %v", outcome.Output, err)
		}
	})
	eventually(t, func() bool { return h.Stats().Waiting == 1 }, "it waits")
	for range 3 { // each of these waits for WaitLimit
		_, err := run(t.Context(), h, "a", b.program, "null")
		require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err), "synchronous calls are refused, also behind an asynchronous one")
	}
	before := time.Now()
	close(b.release)
	wg.Wait()
	require.False(t, (<-deadlines).Before(before.Add(10*time.Second)), "its time begins with it")
}

func TestAPatientCallIsStoppedAtItsLimit(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	outcome, err := runPatiently(t.Context(), h, "a", newBlocker().program, &model.Patient{Limit: 10 * time.Millisecond, Begin: always})
	require.NoError(t, err)
	require.Equal(t, model.FailureTimeout, outcome.Failure.Kind)
}

func TestAPatientCallThatIsNotWantedAnyMore(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 4})
	never := fakeProgram(func(fakeCall) string { t.Error("it has begun"); return "1" })
	_, err := runPatiently(t.Context(), h, "a", never, &model.Patient{Limit: time.Minute, Begin: func(time.Time) bool { return false }})
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))

	b := newBlocker()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = run(t.Context(), h, "a", b.program, "null") })
	eventually(t, func() bool { return b.started.Load() == 1 }, "it has the one thread that it may have")
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		outcome, err := runPatiently(ctx, h, "a", never, &model.Patient{Limit: time.Minute, Begin: always})
		if err != nil || outcome.Failure.Kind != model.FailureCancelled {
			t.Errorf("got %+v, %v", outcome, err)
		}
	})
	eventually(t, func() bool { return h.Stats().Waiting == 1 }, "it waits")
	cancel()
	eventually(t, func() bool { return h.Stats().Waiting == 0 }, "it does not any more")
	close(b.release)
	wg.Wait()
}

// Synchronous calls go first; asynchronous ones get their turn all the same.
func TestPatientCallsComeToTheirTurn(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{MaxThreads: 4})
	b := newBlocker()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = run(t.Context(), h, "a", b.program, "null") })
	eventually(t, func() bool { return b.started.Load() == 1 }, "it has the one thread that it may have")
	var mu sync.Mutex
	order := ""
	says := func(what string) *model.Program {
		return fakeProgram(func(fakeCall) string {
			mu.Lock()
			defer mu.Unlock()
			order += what
			return "1"
		})
	}
	for i := range 3 {
		wg.Go(func() {
			_, _ = runPatiently(t.Context(), h, "a", says("p"), &model.Patient{Limit: time.Minute, Begin: always})
		})
		eventually(t, func() bool { return h.Stats().Waiting == i+1 }, "it waits")
	}
	for i := range 9 {
		wg.Go(func() { _, _ = run(t.Context(), h, "a", says("w"), "null") })
		eventually(t, func() bool { return h.Stats().Waiting == i+4 }, "it waits")
	}
	close(b.release)
	wg.Wait()
	require.Equal(t, "wwwwpwwwwpwp", order)
}
