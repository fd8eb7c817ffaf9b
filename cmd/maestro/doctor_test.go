package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/doctor"
	"maestro/internal/testkit"
)

// examined runs maestro doctor, and returns its findings and exit status.
func examined(t *testing.T, dir string, env ...string) ([]doctor.Finding, int) {
	t.Helper()
	cmd := command(t, dir, append([]string{"PIP_INDEX_URL=http://127.0.0.1:9/simple"}, env...), "doctor", "--json")
	output, err := cmd.Output()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	var report struct {
		Healthy  bool             `json:"healthy"`
		Findings []doctor.Finding `json:"findings"`
	}
	require.NoError(t, json.Unmarshal(output, &report), "%s", output)
	require.Equal(t, report.Healthy, cmd.ProcessState.ExitCode() == exitOK)
	for _, f := range report.Findings {
		require.NotEmpty(t, f.Text)
		require.Equal(t, f.State != doctor.OK, f.Advice != "", "%s: %s", f.Check, f.Text)
	}
	return report.Findings, cmd.ProcessState.ExitCode()
}

func stateOf(t *testing.T, findings []doctor.Finding, check string) doctor.State {
	t.Helper()
	at := slices.IndexFunc(findings, func(f doctor.Finding) bool { return f.Check == check })
	require.GreaterOrEqual(t, at, 0, check)
	return findings[at].State
}

func TestDoctorBesideAServer(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	findings, status := examined(t, dir)
	require.Equal(t, exitOK, status, findings)
	for _, check := range []string{"settings", "data folder", "machine", "python", "database", "redis", "address", "server"} {
		require.Equal(t, doctor.OK, stateOf(t, findings, check), check)
	}
	require.Equal(t, doctor.Warning, stateOf(t, findings, "packages"), "nothing listens at PIP_INDEX_URL")
	left, err := filepath.Glob(dir + "/.doctor-*")
	require.NoError(t, err)
	require.Empty(t, left)

	p := start(t, dir)
	findings, status = examined(t, dir)
	require.Equal(t, exitOK, status, findings)
	require.Contains(t, findings, doctor.Finding{Check: "database", State: doctor.OK, Text: "the embedded PostgreSQL runs: a server uses this data folder"})
	require.Contains(t, findings, doctor.Finding{Check: "server", State: doctor.OK, Text: p.url + " is healthy"})
}

// A part that is down is named, and where the reason is: /health does not give it.
func TestDoctorBesideAServerThatIsDegraded(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	p := launchCommand(t, dir, nil, "serve", "--paused")
	t.Cleanup(func() { p.stop(t) })
	findings, status := examined(t, dir)
	require.Equal(t, exitOK, status, findings)
	require.Contains(t, findings, doctor.Finding{
		Check: "server", State: doctor.Warning, Text: p.url + ": queue is down",
		Advice: `The server's log has the reason ("health check failed"), and ` + p.url + `/health the details.`,
	})
}

// The address is that of the server itself, which has no embedded database to tell by.
func TestDoctorBesideAServerWithADatabaseElsewhere(t *testing.T) {
	t.Parallel()
	dir := testkit.DataDir(t)
	env := []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + strings.Repeat("k", 40)}
	p := start(t, dir, env...)
	env = append(env, "PORT="+p.url[strings.LastIndexByte(p.url, ':')+1:])
	findings, status := examined(t, dir, env...)
	require.Equal(t, exitOK, status, findings)
	require.Equal(t, doctor.OK, stateOf(t, findings, "address"))
	require.Contains(t, findings, doctor.Finding{Check: "server", State: doctor.OK, Text: p.url + " is healthy"})
	other, status := examined(t, testkit.DataDir(t), env...)
	require.Equal(t, exitFailed, status, other)
	require.Equal(t, doctor.Failed, stateOf(t, other, "address"), "of another data folder")
}

func TestDoctorWhereNothingWorks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	findings, status := examined(t, dir, "DATA_DIR="+file, "DATABASE_URL=postgres://ada@127.0.0.1:9/maestro", "SECRET_KEY=0123456789abcdef",
		"REDIS_URL=redis://127.0.0.1:9", "CENSUS_API_URL=http://127.0.0.1:9", "HOST=192.0.2.1")
	require.Equal(t, exitFailed, status)
	for check, state := range map[string]doctor.State{
		"data folder": doctor.Failed, "python": doctor.Skipped, "packages": doctor.Skipped, "database": doctor.Failed,
		"redis": doctor.Warning, "census": doctor.Failed, "address": doctor.Failed,
	} {
		require.Equal(t, state, stateOf(t, findings, check), check)
	}

	findings, status = examined(t, dir, "MAX_STEPS=many", "LOG_FORMAT=yaml")
	require.Equal(t, exitFailed, status)
	require.Len(t, findings, 2)
	require.Equal(t, doctor.Failed, findings[0].State)
}
