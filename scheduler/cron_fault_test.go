package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestClockIsPutForward(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, catchUp := range model.CatchUps {
		f.schedule(string(catchUp), "*/20 * * * *", func(s *model.Schedule) { s.CatchUp = catchUp })
	}
	f.start()
	f.clock.forward(time.Minute)
	f.passed()
	f.clock.forward(time.Hour)
	f.passed()
	require.Equal(t, []int{0, 60}, f.starts("none"))
	require.Equal(t, []int{0, 60}, f.starts("latest"))
	require.Equal(t, []int{0, 20, 40, 60}, f.starts("all"))
}

func TestClockIsPutBack(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.schedule("s", "*/20 * * * *")
	servers := 3
	for range servers {
		f.start()
	}
	f.clock.forward(time.Minute)
	f.passed()
	f.clock.forward(-time.Hour)
	f.passed()
	// It goes through the hour once more, and on.
	for at := f.clock.Now(); at.Before(base.Add(45 * time.Minute)); at = at.Add(5 * time.Minute) {
		f.clock.set(at)
		f.passed()
	}
	require.Equal(t, []int{0, 20, 40}, f.starts("s"), "the table would refuse a due time that is started twice")
	require.Nil(t, f.load(s).LastError)
}

// A due time that is at hand while the database is away is not lost, and not
// started twice.
func TestDatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const schedules = 5
	for i := range schedules {
		f.schedule(fmt.Sprint(i), "* * * * *")
	}
	f.start()
	f.start()
	config := f.db.Pool().Config().ConnConfig
	name := config.Database
	config.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(t.Context()) })
	for i := range 4 {
		_, err = admin.Exec(t.Context(), "ALTER DATABASE "+pgx.Identifier{name}.Sanitize()+" ALLOW_CONNECTIONS false")
		require.NoError(t, err)
		f.clock.set(base.Add(30*time.Second + time.Duration(i)*time.Minute)) // they begin, and are cut off
		_, err = admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
		require.NoError(t, err)
		_, err = admin.Exec(t.Context(), "ALTER DATABASE "+pgx.Identifier{name}.Sanitize()+" ALLOW_CONNECTIONS true")
		require.NoError(t, err)
		f.eventually(func() bool {
			var n int
			err := f.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM starts").Scan(&n)
			return err == nil && n == schedules*(i+1)
		})
	}
	for i := range schedules {
		require.Equal(t, []int{0, 1, 2, 3}, f.starts(fmt.Sprint(i)))
	}
}
