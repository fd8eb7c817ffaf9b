package cron_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/cron"
)

func TestExpressionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"":                       "exactly five fields",
		"* * * *":                "has 4",
		"* * * * * *":            "has 6",
		"0 0 1 1 * 2030":         "has 6",
		"0 * * * * * 2030":       "has 7",
		"@5minutes":              "none of @annually @daily @hourly @midnight @monthly @weekly @yearly",
		"@always":                "none of",
		"@reboot":                "none of",
		"@daily *":               "has 2",
		"0 0 30 2 *":             "never comes",
		"0 0 31 2,4,6,9,11 *":    "never comes",
		"60 * * * *":             "the minute, \"60\": 60 is outside 0 to 59",
		"* 24 * * *":             "the hour",
		"* * 0 * *":              "the day of month",
		"* * 32 * *":             "outside 1 to 31",
		"* * * 13 *":             "the month",
		"* * * 0 *":              "outside 1 to 12",
		"* * * * 8":              "outside 0 to 7",
		"*,99 * * * *":           "outside",
		"5,99 * * * *":           "outside",
		"mon * * * *":            "not a number",
		"* * mon * *":            "not a number",
		"* * * mon *":            "neither a number nor a name such as feb",
		"* * * * monday":         "neither a number nor a name such as mon",
		"*/0 * * * *":            "a step is a number above 0",
		"*/ * * * *":             "a step",
		"*/5/2 * * * *":          "a step",
		"*/-5 * * * *":           "a step",
		"*/90 * * * *":           "longer than the field",
		"* */24 * * *":           "longer than the field",
		"5-1 * * * *":            "goes backwards",
		"* * * * sat-mon":        "goes backwards",
		"1-2-3 * * * *":          "not a number",
		"-5 * * * *":             "not a number",
		"+5 * * * *":             "not a number",
		"5, * * * *":             "not a number",
		", * * * *":              "not a number",
		"** * * * *":             "not a number",
		"? * * * *":              "not a number",
		"* * L * *":              "not a number",
		"* * 15W * *":            "not a number",
		"* * * * 5#2":            "neither",
		"٣ * * * *":              "not a number",
		"00000 * * * *":          "not a number",
		"* * *\n* *":             "has 4",
		"TZ=UTC * * * * *":       "has 6",
		strings.Repeat("* ", 99): "has 99",
	} {
		_, err := cron.Parse(expression)
		require.ErrorContains(t, err, want, expression)
		require.Less(t, len(err.Error()), 300)
	}
}

func TestExpressionsThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"* * * * *", "  0\t0 1  1 * ", "@hourly", "@Daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "*/5 * * * *", "0-59/5 0/6 1,15 */3 mon-fri",
		"00 09 * * 07", "0 0 29 2 *", "0 0 29 2 6", "0 0 * jan-MAR Sun", "0 0 31 */2 *", "0 0 30 2 mon", "0 0 * * fri-sun", "0 0 * * sun-mon",
	} {
		_, err := cron.Parse(expression)
		require.NoError(t, err, expression)
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "utc", "Utc", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"} {
		_, err := cron.Zone(name)
		require.NoError(t, err, name)
	}
	for _, name := range []string{
		"", "Local", "localtime", "right/Europe/Paris", "posixrules", "Mars/Phobos", "../UTC", "/usr/share/zoneinfo/UTC", "Europe/", "Europe",
		"Europe/Paris\x00", " UTC", "+02:00", strings.Repeat("A", 65),
	} {
		_, err := cron.Zone(name)
		require.ErrorContains(t, err, "is not an IANA time zone", name)
	}
}

// Every accepted expression comes due, each time later than before.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"* * * * *", "*/5 0-23/2 1,15 jan mon-fri", "@daily", "0 0 30 2 *", "0 0 29 2 7", "*,1 */1,2 */2 * 5-7/2", "0 0 0 0 0", "1/2 3/4 5/6 7/8 7/2"} {
		f.Add(seed, int64(1_767_225_600))
	}
	zone, err := cron.Zone("Europe/Paris")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		e, err := cron.Parse(text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		at := time.Unix(seconds%(1<<32), 0)
		for range 3 {
			due := e.Next(at, zone)
			require.True(t, due.After(at), "%q after %s comes at %s", text, at, due)
			require.Zero(t, due.Second())
			at = due
		}
	})
}
