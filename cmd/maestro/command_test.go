package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files")

// say runs the program's own dispatcher in this process.
func say(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &app{stdout: &out, stderr: &errs})
	return status, out.String(), errs.String()
}

func TestHelpIsAsItsGoldenFilesSay(t *testing.T) {
	t.Parallel()
	pages := pagesOf(newRoot(newApp()))
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
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), helpWidth, "it fits a terminal: %s", line)
			}
		})
	}
	kept, err := filepath.Glob("testdata/help/*.txt")
	require.NoError(t, err)
	require.Len(t, kept, len(pages), "no page is left of a command that went")
}

// pagesOf lists the commands that help is shown of: cmd, and those below it.
func pagesOf(cmd *cobra.Command) []string {
	if cmd == cmd.Root() {
		cmd.InitDefaultHelpCmd()
	}
	pages := []string{strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), "maestro"))}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			pages = append(pages, pagesOf(sub)...)
		}
	}
	return pages
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
		{"token", "--colour", "red"}, {"token", "--ttl", "soon"}, {"token", "--ttl", "-1h"}, {"token", "-x"}, {"help", "nonsense"},
		{"completion"}, {"completion", "cmd"}, {"completion", "bash", "zsh"}, {"man"}, {"migrate", "up", "--", "now"},
	} {
		status, stdout, stderr := say(t, args...)
		require.Equal(t, exitUsage, status, "%q: %s", args, stderr)
		require.Empty(t, stdout)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "%q: %s", args, stderr)
		require.True(t, strings.HasPrefix(stderr, "maestro: "), stderr)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"no command given; maestro --help lists the commands":                   {},
		`unknown command "nonsense"; maestro --help lists the commands`:         {"nonsense"},
		`unknown command "sideways"; maestro migrate --help lists the commands`: {"migrate", "sideways"},
		`unexpected argument "now"; see maestro version --help`:                 {"version", "now"},
		"unknown flag: --colour; see maestro token --help":                      {"token", "-colour"},
		`unknown shell "cmd"; see maestro completion --help`:                    {"completion", "cmd"},
	} {
		_, _, stderr := say(t, args...)
		require.Equal(t, "maestro: "+want+"\n", stderr)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"version", "--version", "-version", "-v"} {
		status, stdout, _ := say(t, way)
		require.Zero(t, status)
		require.Regexp(t, `^maestro \S+ \((commit \w{12}, )?go1\.\S+, linux/\w+, Python 3\.14\.\d+\)\n$`, stdout)
	}
}

// Options may be written with one dash.
func TestOptionsWithOneDash(t *testing.T) {
	t.Parallel()
	status, stdout, _ := say(t, "token", "-help")
	require.Zero(t, status)
	require.Contains(t, stdout, "--subtenant")
	require.Equal(t, []string{"token", "--admin", "--ttl=1h", "-h", "--ttl", "-1h", "--", "-admin"},
		twoDashes([]string{"token", "-admin", "-ttl=1h", "-h", "--ttl", "-1h", "--", "-admin"}))
}

func TestCompletionIsAScriptOfEachShell(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		status, stdout, stderr := say(t, "completion", shell)
		require.Zero(t, status, stderr)
		require.Contains(t, stdout, "maestro")
	}
	status, stdout, _ := say(t, "__complete", "migrate", "")
	require.Zero(t, status)
	require.Contains(t, stdout, "status\t")
	require.NotContains(t, stdout, probeName)
}

func TestManualHasAPageForEachCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	status, _, stderr := say(t, "man", dir)
	require.Zero(t, status, stderr)
	for _, page := range pagesOf(newRoot(newApp())) {
		if page == "help" {
			continue
		}
		name := strings.ReplaceAll(strings.TrimSpace("maestro "+page), " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, string(text), ".SH SYNOPSIS", name)
	}
	status, _, stderr = say(t, "man", filepath.Join(dir, "absent"))
	require.Equal(t, exitFailed, status)
	require.Contains(t, stderr, "check the folder")
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

func TestErrorsInOneLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "one two", inOneLine(" one\n\n\ttwo\n"))
	require.Equal(t, "failed to connect: db:1: refused; start it", inOneLine("failed to connect:\n\tdb:1: refused\n\tdb:1: refused; start it"))
}
