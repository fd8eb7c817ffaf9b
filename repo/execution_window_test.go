package repo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestWindowsCoverAllDaysOnce: from the newest ids to the bound, without a gap,
// however far back the days go.
func TestWindowsCoverAllDaysOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 13, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.Truncate(partitionSpan).AddDate(0, 0, n) }
	for name, test := range map[string]struct {
		bound, before model.ID
		oldest        time.Time
		windows       int
	}{
		"nothing made":                    {before: lastID, windows: 1},
		"a young server":                  {before: lastID, oldest: day(-1), windows: 1},
		"a month":                         {before: lastID, oldest: day(-30), windows: 3}, // 2, 8 and 21 days
		"since yesterday":                 {bound: model.FirstIDOf(day(-1)), before: lastID, oldest: day(-400), windows: 1},
		"since a week":                    {bound: model.FirstIDOf(day(-6)), before: lastID, oldest: day(-400), windows: 2},
		"until a day of long ago":         {before: model.FirstIDOf(day(-390)), oldest: day(-400), windows: 3},
		"until a time older than all":     {before: model.FirstIDOf(day(-500)), oldest: day(-400), windows: 1},
		"since after until":               {bound: model.FirstIDOf(day(-1)), before: model.FirstIDOf(day(-2)), oldest: day(-400), windows: 1},
		"up to a day that is yet to come": {before: model.FirstIDOf(day(300)), oldest: day(-3), windows: 2},
	} {
		if test.oldest.IsZero() {
			test.oldest = now.AddDate(0, 0, 8)
		}
		w := newestWindow(test.bound, test.before, test.oldest, now)
		require.Equal(t, test.before, w.before, name)
		for n := 1; ; n++ {
			if w.last {
				require.Equal(t, test.bound, w.from, name)
				require.Equal(t, test.windows, n, name)
				break
			}
			require.Greater(t, w.before.String(), w.from.String(), name)
			require.Greater(t, w.from.String(), test.bound.String(), name)
			next := w.older(true)
			require.Equal(t, w.from, next.before, name)
			w = next
		}
	}
}

// TestWindowsStopAtTheMostDays: exactly there, so that a page of a month is
// never short.
func TestWindowsStopAtTheMostDays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 13, 0, 0, 0, time.UTC)
	for _, wider := range []bool{true, false} {
		w := newestWindow(model.ID{}, lastID, now.AddDate(-2, 0, 0), now)
		for w.days < mostDays {
			w = w.older(wider)
			require.False(t, w.last)
		}
		require.Equal(t, mostDays, w.days)
		require.Equal(t, now.Truncate(partitionSpan).AddDate(0, 0, 1-mostDays), w.from.Time())
	}
}
