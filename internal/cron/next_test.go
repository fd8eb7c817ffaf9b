package cron_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/cron"
)

// The cases were worked out by testdata/generate.py, which shares nothing with
// the code here.
func TestNextAgainstEveryMinuteLookedAt(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/next.jsonl")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	count, zones := 0, map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); count++ {
		var c struct {
			Expression, Zone string
			After            time.Time
			Next             []time.Time
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		e, err := cron.Parse(c.Expression)
		require.NoError(t, err, lines.Text())
		zone, err := cron.Zone(c.Zone)
		require.NoError(t, err, lines.Text())
		at := c.After
		for i, want := range c.Next {
			at = e.Next(at, zone)
			require.Equal(t, want, at, "time %d of %s", i+1, lines.Text())
		}
		zones[c.Zone] = true
	}
	require.Greater(t, count, 300)
	require.Greater(t, len(zones), 15)
}

func next(t *testing.T, expression, zone, after string) string {
	t.Helper()
	e, err := cron.Parse(expression)
	require.NoError(t, err)
	location, err := cron.Zone(zone)
	require.NoError(t, err)
	at, err := time.Parse(time.RFC3339, after)
	require.NoError(t, err)
	return e.Next(at, location).Format(time.RFC3339)
}

func TestNextFarAway(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2104-02-29T00:00:00Z", next(t, "0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z"))
	require.Equal(t, "2116-02-29T00:00:00Z", next(t, "0 0 29 2 */6", "UTC", "2088-03-01T00:00:00Z"), "a Sunday or a Saturday")
	require.Equal(t, "2112-02-29T11:00:00Z", next(t, "0 12 */28 2 mon", "Europe/Paris", "2112-02-28T12:00:00Z"))
	require.Equal(t, "2060-03-28T01:00:00Z", next(t, "30 2 28 3 *", "Europe/Paris", "2060-03-01T00:00:00Z"), "rules go on for ever")
}

func TestNextIsStrictlyLater(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2026-01-01T00:01:00Z", next(t, "* * * * *", "UTC", "2026-01-01T00:00:00Z"))
	require.Equal(t, "2026-01-01T00:01:00Z", next(t, "* * * * *", "UTC", "2026-01-01T00:00:59.999999999Z"))
	require.Equal(t, "2026-01-01T00:00:00Z", next(t, "* * * * *", "UTC", "2025-12-31T23:59:59.999999999Z"))
}

func BenchmarkNext(b *testing.B) {
	e, err := cron.Parse("30 9 * * 1-5")
	require.NoError(b, err)
	zone, err := cron.Zone("Europe/Paris")
	require.NoError(b, err)
	at := time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)
	for b.Loop() {
		e.Next(at, zone)
	}
}
