package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

var dailyTask = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `(maestro [^`]+)` \\|")

// follows are commands that go on until Ctrl-C, each with a text that says that it works.
var follows = map[string]string{
	"maestro dev functions":            "Serving functions at http://",
	"maestro functions push --watch":   "Watching",
	"maestro logs -f":                  "Waiting for executions",
	"maestro logs -f --function greet": "Waiting for executions",
}

// TestDailyTasksRun runs each command of the table of daily tasks, in its order: what deletes
// comes last. A command succeeds, with the names of the table as its names.
func TestDailyTasksRun(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/daily-tasks.md")
	require.NoError(t, err)
	tasks := dailyTask.FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(tasks), 40)

	r := newReader(t)
	r.prepareTasks()
	var last []string
	for _, task := range tasks {
		command := task[2]
		if strings.Contains(command, " delete ") || strings.Contains(command, " remove ") {
			last = append(last, command)
			continue
		}
		r.task(command)
	}
	for _, command := range last {
		r.task(command)
	}
}

// prepareTasks makes what the table takes for granted: functions, a schedule, profiles.
func (r *reader) prepareTasks() {
	require.NoError(r.t, os.Mkdir(filepath.Join(r.folder, "functions"), 0o755))
	put(r.t, r.folder, map[string]string{
		"functions/test_hello.py": "def test_hello(maestro):\n    assert maestro.run('hello').result == 'hello'\n",
		"functions/hello.py":      "def hello(input):\n    return 'hello'\n",
		"greet.py":                "def greet(input: dict) -> str:\n    return 'Hello, ' + input['name']\n",
		"greet.toml":              "[[webhooks]]\npath = 'greet'\n\n[[schedules]]\nname = 'nightly'\ncron_expression = '0 3 * * *'\ninput_data = { name = 'Ada' }\n",
		"slow.py":                 "import time\n\ndef slow(input):\n    time.sleep(60)\n",
	})
	r.ok("maestro functions push")
	put(r.t, r.folder, map[string]string{"greet.py": "def greet(input: dict) -> str:\n    return 'Good morning, ' + input['name']\n"})
	r.ok("maestro functions push")
	r.ok("maestro token | maestro login http://localhost:8000 --profile work")
}

// ok runs lines that succeed.
func (r *reader) ok(lines string) string {
	r.t.Helper()
	s := r.shell("set -o pipefail\n" + lines)
	require.Equal(r.t, 0, s.wait(r.t), "%s\n%s", lines, s.text())
	return s.text()
}

// runOf starts an asynchronous run, and returns its execution's id.
func (r *reader) runOf(function string) string {
	r.t.Helper()
	return anyID.FindString(r.ok("maestro functions run " + function + ` -i '{"name": "Ada"}' --async`))
}

// task runs a command of the table.
func (r *reader) task(command string) {
	r.t.Helper()
	switch {
	case command == "maestro serve":
		return // it is the server of this test
	case command == "maestro restore maestro.backup":
		command = "DATABASE_URL=" + testkit.EmptyDatabaseURL(r.t) + " DATA_DIR=" + testkit.DataDir(r.t) + " " + command
	case strings.HasPrefix(command, "maestro login"):
		command = "maestro token | " + strings.ReplaceAll(command, "https://maestro.example.com", readerAddress)
	case strings.HasPrefix(command, "maestro secrets set"):
		command = "echo a value of a secret | " + command
	case strings.HasSuffix(command, "executions cancel ID"):
		command = strings.ReplaceAll(command, "ID", r.runOf("slow"))
	case strings.Contains(command, "ID"):
		first, second := r.runOf("greet"), r.runOf("greet")
		r.ok("maestro logs -f " + first + "\nmaestro logs -f " + second)
		command = strings.NewReplacer("ID-A", first, "ID-B", second, "ID", first).Replace(command)
	}
	if sign, found := follows[command]; found {
		if strings.HasPrefix(command, "maestro dev") {
			command = "env -u DATABASE_URL " + command + " --port 0 --data-dir " + testkit.DataDir(r.t)
		}
		s := r.background(command)
		require.True(r.t, s.until(func(text string) bool { return strings.Contains(text, sign) }), "%s\n%s", command, s.text())
		s.interrupt(r.t)
		return
	}
	r.ok(command)
}
