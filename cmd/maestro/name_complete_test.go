package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// completions are what a shell is offered for the last of the arguments.
func (c *client) completions(t *testing.T, args ...string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(c.ok(append([]string{"__complete"}, args...)...)), "\n")
	return lines[:len(lines)-1]
}

func TestCompletionOfNames(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	dir := t.TempDir()
	put(t, dir, map[string]string{
		"greet.py": "def greet(input):\n    return 1\n", "greet.toml": "description = 'Greets\tall'\n[[schedules]]\nname = 'nightly'\ncron_expression = '@daily'\n",
		"grow.py": "def grow(input):\n    return 1\n", "other.py": "def other(input):\n    return 1\n",
	})
	c.ok("functions", "push", dir)
	require.Equal(t, []string{"greet\tGreets all", "grow"}, c.completions(t, "functions", "run", "gr"))
	require.Len(t, c.completions(t, "functions", "rollback", ""), 3)
	require.Empty(t, c.completions(t, "functions", "run", "greet", ""), "there is one name")
	require.Equal(t, []string{"nightly"}, c.completions(t, "schedules", "run", ""))
	require.Equal(t, []string{"greet\tGreets all", "grow", "other"}, c.completions(t, "executions", "list", "--function", ""))
	require.Equal(t, []string{"completed", "crashed", "cancelled"}, sortedAs(c.completions(t, "executions", "list", "--status", "c"), "completed", "crashed", "cancelled"))

	first := strings.TrimSpace(c.maestro("", "functions", "run", "greet").stderr)
	id := strings.TrimPrefix(first, "execution ")
	shown := c.completions(t, "executions", "show", "")
	require.Len(t, shown, 1)
	require.True(t, strings.HasPrefix(shown[0], id+"\tgreet, completed, "), shown[0])
	require.Len(t, c.completions(t, "executions", "compare", id, ""), 1)
}

// sortedAs are the texts in the order of others, if they are the same.
func sortedAs(all []string, order ...string) []string {
	if len(all) != len(order) {
		return all
	}
	for _, one := range order {
		if !strings.Contains("\n"+strings.Join(all, "\n")+"\n", "\n"+one+"\n") {
			return all
		}
	}
	return order
}

// Where no server answers, or none in time, the names are those of the folder, or none.
func TestCompletionWithoutAServer(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never answers
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	dir := t.TempDir()
	put(t, dir, map[string]string{"greet.py": "def greet(input):\n    return 1\n", "money.py": "", "money.toml": "kind = 'module'\n"})
	for _, address := range []string{"http://" + silent.Addr().String(), "http://127.0.0.1:1"} {
		for args, want := range map[string]string{"functions run": "greet\n:36\n", "executions show": ":4\n", "schedules run": ":4\n"} {
			cmd := commandOf("", t.TempDir(), []string{"MAESTRO_URL=" + address, "MAESTRO_TOKEN=x"}, append(append([]string{"__complete"}, strings.Fields(args)...), "")...)
			cmd.Dir = dir
			var out bytes.Buffer
			cmd.Stdout = &out
			require.NoError(t, cmd.Run())
			require.Equal(t, want, out.String(), "%s %s", address, args)
		}
	}
}

func TestCompletionOfProfiles(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".config", "maestro"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".config", "maestro", "profiles.json"), []byte(`{"prod": {"url": "https://a"}, "dev": {"url": "http://b"}}`), 0o600))
	got := runWith(t, map[string]string{"HOME": home}, "", "__complete", "functions", "list", "--profile", "")
	require.Equal(t, "dev\thttp://b\nprod\thttps://a\n:36\n", got.stdout)
}

// The scripts work in the shells that are there: pressing Tab after "functions run g".
func TestCompletionInShells(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, map[string]string{"greet.py": "def greet(input):\n    return 1\n"})
	maestro := filepath.Join(dir, "maestro")
	require.NoError(t, os.WriteFile(maestro, []byte("#!/bin/sh\nexec '"+os.Args[0]+"' \"$@\"\n"), 0o755))
	tried := 0
	for shell, script := range map[string]string{
		// As bash-completion does it, which may not be installed.
		"bash": `_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }; source <(maestro completion bash); COMP_WORDS=(maestro functions run g); COMP_CWORD=3; COMP_LINE='maestro functions run g'; COMP_POINT=${#COMP_LINE}; __start_maestro 2>/dev/null; printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `maestro completion fish | source; complete --do-complete 'maestro functions run g'`,
	} {
		program, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		tried++
		cmd := exec.Command(program, "-c", script)
		cmd.Dir = dir
		cmd.Env = append(cleanEnv(), beMaestro+"=1", "MAESTRO_URL=http://127.0.0.1:1", "MAESTRO_TOKEN=x", "PATH="+dir+":"+os.Getenv("PATH"))
		out, err := cmd.Output()
		require.NoError(t, err, shell)
		require.Equal(t, "greet", strings.TrimSpace(string(out)), shell)
	}
	require.NotZero(t, tried, "there is a shell")
	require.LessOrEqual(t, completionTime, time.Second)
}
