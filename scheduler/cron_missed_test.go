package scheduler_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestSignalsOfMissedDueTimes: of those that the schedule's settings wanted to be started,
// for functions about which messages are sent.
func TestSignalsOfMissedDueTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		change  func(*model.Schedule)
		prepare func(*fixture)
		late    time.Duration
		quiet   bool // the function has no setting
		want    int
	}{
		{name: "in time", change: func(*model.Schedule) {}},
		{name: "no room", change: func(s *model.Schedule) { s.MaxInstances = 1 }, prepare: (*fixture).fill, want: 1},
		{name: "no room, which is wanted", change: func(s *model.Schedule) { s.Overlap = "skip" }, prepare: (*fixture).fill},
		{name: "no function", change: func(*model.Schedule) {}, prepare: (*fixture).deleteFunction, want: 1},
		{name: "no function, and no setting", change: func(*model.Schedule) {}, prepare: (*fixture).deleteFunction, quiet: true},
		{name: "no time zone", change: func(s *model.Schedule) { s.Timezone = "Mars/Phobos" }, want: 1},
		{name: "no server", change: func(s *model.Schedule) { s.CronExpression = "0 * * * *" }, late: 2 * time.Minute, want: 1},
		{name: "no server, and caught up", change: func(s *model.Schedule) { s.CronExpression, s.CatchUp = "0 * * * *", "latest" }, late: 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			if !c.quiet {
				_, err := f.db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error {
					f.Notify = json.RawMessage(`{"function":"g","events":["missed"],"grace_seconds":90}`)
					return nil
				}, nil, nil, nil)
				require.NoError(t, err)
			}
			s := f.schedule("s", "* * * * *", c.change)
			if c.prepare != nil {
				c.prepare(f)
			}
			f.clock.set(s.NextRun.Add(c.late))
			f.start()
			f.passed()
			var n int
			require.NoError(t, f.db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM alert_signals
				WHERE tenant = $1 AND function_name = 'f' AND at = $2 AND take_at = at + interval '90 seconds' AND reason <> ''`, tenant, s.NextRun).Scan(&n))
			require.Equal(t, c.want, n)
		})
	}
}

// fill takes the room of the schedule s with a run that is not finished.
func (f *fixture) fill() {
	f.exec("INSERT INTO starts VALUES ('s', $1, $2, true)", base.Add(-time.Hour), model.NewID().String())
}

func (f *fixture) deleteFunction() {
	require.NoError(f, f.db.DeleteFunction(f.Context(), tenant, "f"))
}
