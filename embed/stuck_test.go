package embed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// deafCall starts a call that cannot be stopped until release is closed.
func deafCall(t *testing.T, h *Host, tenant string, release <-chan struct{}) {
	t.Helper()
	started := make(chan struct{})
	deaf := fakeProgram(func(c fakeCall) string {
		close(started)
		c.allowThreads(func() { <-release })
		return `"late"`
	})
	deaf.Function = "deaf"
	cancelOnce(t, started, h, tenant, deaf)
}

// A subtenant with too many stuck threads is refused, alone, until they end.
func TestCapOfStuckThreads(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{StuckAfter: 20 * time.Millisecond, StuckCap: 3})
	release := make(chan struct{})
	for n := range 3 {
		_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
		require.NoError(t, err)
		deafCall(t, h, "a", release)
		eventually(t, func() bool { return h.Stats().ThreadsStuck == n+1 }, "its thread is given up")
	}
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, model.CodeSubtenantStuck, coded.Code)
	require.Contains(t, coded.Detail, "3 threads of this subtenant cannot be stopped (in deaf)")
	require.Contains(t, coded.Detail, "DELETE /api/v1/subtenants/a/interpreter")
	require.Equal(t, 1, h.Stats().TenantsRefused)
	_, err = run(t.Context(), h, "b", fakeProgram(echo), "1")
	require.NoError(t, err)

	status := h.Interpreter("a")
	require.True(t, status.Refused)
	require.Len(t, status.Stuck, 3)
	require.Equal(t, "deaf", status.Stuck[0].Function)

	close(release)
	eventually(t, func() bool { return h.Stats().TenantsStuck == 0 }, "they end after all")
	_, err = run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err)
}

// What an operator has freed a subtenant from does not count again.
func TestFreedSubtenant(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{StuckAfter: 20 * time.Millisecond, StuckCap: 2})
	release := make(chan struct{})
	defer close(release)
	stuck := 0
	deaf := func() {
		deafCall(t, h, "a", release)
		stuck++
		eventually(t, func() bool { return h.Stats().ThreadsStuck == stuck }, "its thread is given up")
	}
	refused := func() bool {
		_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
		return model.CodeOf(err) == model.CodeSubtenantStuck
	}
	deaf()
	require.False(t, refused())
	deaf()
	require.True(t, refused())
	status := h.Free("a")
	require.Len(t, status.Stuck, 2)
	require.False(t, status.Refused)
	require.False(t, refused())
	deaf()
	require.False(t, refused(), "one more than those that it was freed from")
	deaf()
	require.True(t, refused())
	require.Equal(t, "none", h.Free("nothing of that name").State)
}
