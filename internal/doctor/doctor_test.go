package doctor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/doctor"
)

func TestFindingsOfSeveralChecks(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	show := func(findings []doctor.Finding) { require.NoError(t, doctor.Write(&text, findings)) }
	fine := doctor.Check{Name: "one", Examine: func(_ context.Context, r *doctor.Report) {
		r.OK("%d of %d", 1, 1)
		r.Warn("Take more.", "a\nlittle")
		r.Skip("Mend the other one.", "not examined")
	}}
	require.True(t, doctor.Run(t.Context(), []doctor.Check{fine}, show))
	require.Equal(t, `ok      one: 1 of 1
warning one: a little
        → Take more.
skipped one: not examined
        → Mend the other one.
`, text.String())
	bad := doctor.Check{Name: "two", Examine: func(_ context.Context, r *doctor.Report) { r.Fail("Mend it.", "broken") }}
	require.False(t, doctor.Run(t.Context(), []doctor.Check{bad, fine}, func([]doctor.Finding) {}))
}

func TestChecksThatTakeTooLong(t *testing.T) {
	t.Parallel()
	slow := doctor.Check{Name: "slow", Patience: time.Millisecond, Examine: func(ctx context.Context, r *doctor.Report) {
		<-ctx.Done()
		require.True(t, errors.Is(ctx.Err(), context.DeadlineExceeded))
		r.Fail("Look at it.", "no answer")
	}}
	require.False(t, doctor.Run(t.Context(), []doctor.Check{slow}, func([]doctor.Finding) {}))
}

func TestChecksThatAreBrokenOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	broken := doctor.Check{Name: "one", Examine: func(_ context.Context, r *doctor.Report) {
		cancel()
		r.Fail("Look at it.", "no answer")
	}}
	next := doctor.Check{Name: "two", Examine: func(context.Context, *doctor.Report) { t.Error("the checks go on") }}
	require.False(t, doctor.Run(ctx, []doctor.Check{broken, next}, func([]doctor.Finding) { t.Error("a finding is shown") }))
}
