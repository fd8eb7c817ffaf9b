package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files")

// say runs the program's own dispatcher in this process.
func say(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, console{&out, &errs})
	return status, out.String(), errs.String()
}

func TestHelpIsAsItsGoldenFilesSay(t *testing.T) {
	t.Parallel()
	pages := []string{"", "migrate", "examples"}
	for _, c := range commands() {
		pages = append(pages, c.name)
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			status, got, stderr := say(t, append(strings.Fields(page), "--help")...)
			require.Zero(t, status, stderr)
			require.Empty(t, stderr)
			golden := filepath.Join("testdata", "help", strings.ReplaceAll("maestro "+page, " ", "_")+".txt")
			golden = strings.Replace(golden, "_.txt", ".txt", 1)
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err, "go test -update writes it")
			require.Equal(t, string(want), got)
			for line := range strings.Lines(got) {
				require.LessOrEqual(t, len(line), 110, "it fits a terminal")
			}
		})
	}
	kept, err := filepath.Glob("testdata/help/*.txt")
	require.NoError(t, err)
	require.Len(t, kept, len(pages), "no page is left of a command that went")
}

func TestHelpIsFoundByItsOtherName(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"", "migrate", "migrate up"} {
		_, want, _ := say(t, append(strings.Fields(page), "--help")...)
		status, got, _ := say(t, append([]string{"help"}, strings.Fields(page)...)...)
		require.Zero(t, status)
		require.Equal(t, want, got)
	}
}

func TestWrongUsageIsOneLineAndStatusTwo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{}, {"nonsense"}, {"migrate"}, {"migrate", "sideways"}, {"examples"}, {"version", "now"},
		{"token", "--colour", "red"}, {"token", "--ttl", "soon"}, {"token", "--ttl", "-1h"},
	} {
		status, stdout, stderr := say(t, args...)
		require.Equal(t, exitUsage, status, "%q: %s", args, stderr)
		require.Empty(t, stdout)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "%q: %s", args, stderr)
		require.True(t, strings.HasPrefix(stderr, "maestro: "), stderr)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	status, stdout, _ := say(t, "version")
	require.Zero(t, status)
	require.Regexp(t, `^maestro \S+ \(go1\.\S+, linux/\w+\)\n$`, stdout)
}

// What a library says in several lines is one line here, and says what to do.
func TestADatabaseThatIsAwayIsOneLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"migrate", "status"}, {"migrate", "up"}} {
		cmd := commandOf("", testkit.DataDir(t), []string{"DATABASE_URL=postgres://ada:hunter2@nowhere.invalid:1/none", "SECRET_KEY=" + strings.Repeat("k", 40)}, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		require.Error(t, cmd.Run())
		require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
		require.Contains(t, stderr.String(), "maestro: DATABASE_URL can't be used: ")
		require.Contains(t, stderr.String(), "start that server")
		require.NotContains(t, stderr.String(), "hunter2")
	}
}
