package handlers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMoments(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	midnight := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for text, want := range map[Moment][2]time.Time{
		"":                              {{}, {}},
		"-0s":                           {now, now},
		"-90s":                          {now.Add(-90 * time.Second), now.Add(-90 * time.Second)},
		"-24h":                          {now.AddDate(0, 0, -1), now.AddDate(0, 0, -1)},
		"-7d":                           {now.AddDate(0, 0, -7), now.AddDate(0, 0, -7)},
		"-2w":                           {now.AddDate(0, 0, -14), now.AddDate(0, 0, -14)},
		"2026-11-28":                    {midnight, midnight.Add(24*time.Hour - time.Microsecond)},
		"2026-11-28T00:00:00Z":          {midnight, midnight},
		"2026-11-28t02:00:00+02:00":     {midnight, midnight},
		"2026-11-28T02:00:00 02:00":     {midnight, midnight}, // a + that was not escaped
		"2026-11-27T22:00:00.000-02:00": {midnight, midnight},
	} {
		for i, last := range []bool{false, true} {
			got, err := text.time("/query/since", now, last)
			require.NoError(t, err, text)
			require.True(t, want[i].Equal(got), "%s: %s", text, got)
		}
	}
	for _, text := range []Moment{
		"-", "-d", "-24", "-24x", "--1h", "-1.5h", "24h", "+24h", "-999999w", "-99999999999s", "yesterday", "2026-13-01", "2026-02-30", "1764374400",
		"2026-11-28T00:00:00", "2026-11-28 ", "T", " ", "-\x00h",
	} {
		_, err := text.time("/query/since", now, false)
		require.ErrorContains(t, err, "/query/since: must be a time such as", "%q", text)
	}
}
