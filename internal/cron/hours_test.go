package cron_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/cron"
)

func TestHoursAgainstNext(t *testing.T) {
	t.Parallel()
	expressions := []string{"* * * * *", "*/7 * * * *", "0,30 2 * * *", "5-59/10 1-3 * * *", "15 */2 * * *", "0 9 * * mon-fri", "59 23 31 * *", "* 2 * * 7", "0 0 29 2 *"}
	zones := []string{"UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Scoresbysund"}
	// The last Sundays of March and October, and the days of other changes in 2026.
	starts := []string{"2026-03-27T22:17:30Z", "2026-10-23T23:59:00Z", "2026-03-07T03:00:00Z", "2026-10-31T00:00:00Z", "2026-04-03T11:11:11Z"}
	for _, expression := range expressions {
		e, err := cron.Parse(expression)
		require.NoError(t, err)
		for _, name := range zones {
			zone, err := cron.Zone(name)
			require.NoError(t, err)
			for _, start := range starts {
				after, err := time.Parse(time.RFC3339, start)
				require.NoError(t, err)
				until := after.Add(3 * 24 * time.Hour)
				at := after
				for hour := range e.Hours(after, until, zone) {
					require.True(t, hour.First.Equal(e.Next(at, zone)), "%s in %s from %s", expression, name, start)
					for range hour.Count {
						at = e.Next(at, zone)
					}
					require.True(t, hour.Last.Equal(at), "%s in %s from %s: %s", expression, name, start, at)
					require.Less(t, hour.Last.Sub(hour.First), time.Hour)
				}
				after = e.Next(at, zone)
				require.False(t, !after.IsZero() && after.Before(until), "%s in %s from %s lacks %s", expression, name, start, after)
			}
		}
	}
}

func TestHoursOfAMinutelyWeek(t *testing.T) {
	t.Parallel()
	e, err := cron.Parse("* * * * *")
	require.NoError(t, err)
	from := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	hours, times := 0, 0
	for hour := range e.Hours(from.Add(-time.Second), from.AddDate(0, 0, 7), time.UTC) {
		hours, times = hours+1, times+hour.Count
	}
	require.Equal(t, 168, hours)
	require.Equal(t, 10_080, times)
	for range e.Hours(from, from.AddDate(0, 0, 7), time.UTC) {
		break // an iteration may end early
	}
}
