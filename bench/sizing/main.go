// Command sizing measures what a server needs: processor time for each kind of call, of
// the server and of its PostgreSQL, and memory for each subtenant. Processor times do
// not depend on what else the machine does. It writes the table in docs/operations.md.
//
// With -days it lives so many days of a server instead, -calls each, and fails if the
// server's memory grows.
//
// Usage: sizing -server bin/maestro [-calls 5000] [-subtenants 100] [-document FILE] [-days 0].
// It starts the server itself, on loopback, with a data folder that it deletes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	program := flag.String("server", "bin/maestro", "the server's program")
	calls := flag.Int("calls", 5000, "calls of each kind")
	subtenants := flag.Int("subtenants", 100, "subtenants with a function")
	days := flag.Int("days", 0, "days to live; 0: measure")
	document := flag.String("document", "", "a document whose table is replaced")
	flag.Parse()
	do := func(ctx context.Context) error { return run(ctx, *program, *calls, *subtenants, *document) }
	if *days > 0 {
		do = func(ctx context.Context) error { return week(ctx, *program, *days, *calls) }
	}
	if err := do(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "sizing:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program string, calls, subtenants int, document string) error {
	s, err := start(ctx, program)
	if err != nil {
		return err
	}
	defer s.stop()
	var rows strings.Builder
	fmt.Fprintf(&rows, "| what | server | PostgreSQL |\n| --- | --- | --- |\n")
	idle := s.use()
	fmt.Fprintf(&rows, "| memory at the start | %.0f MB | %.0f MB |\n", idle.server.mb, idle.database.mb)
	if err := s.define("acme"); err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := s.load(kind, calls/10); err != nil { // interpreters, connections, plans
			return err
		}
		before := s.use()
		if err := s.load(kind, calls); err != nil {
			return err
		}
		after := s.use()
		each := func(of func(use) time.Duration) float64 {
			return float64((of(after) - of(before)).Microseconds()) / float64(calls)
		}
		fmt.Fprintf(&rows, "| processor time of %s | %.0f µs | %.0f µs |\n", kind.name,
			each(func(u use) time.Duration { return u.server.processor }), each(func(u use) time.Duration { return u.database.processor }))
		fmt.Print(".")
	}
	for _, lane := range []string{"embedded", "process"} {
		row, err := s.populate(lane, subtenants)
		if err != nil {
			return err
		}
		rows.WriteString(row)
		fmt.Print(".")
	}
	fmt.Print("\n", rows.String())
	if document == "" {
		return nil
	}
	return replace(document, rows.String())
}

// replace puts the table between its marks in the document.
func replace(document, table string) error {
	const begin, end = "<!-- sizing begin -->\n", "<!-- sizing end -->"
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no marks %q and %q", document, begin, end)
	}
	return os.WriteFile(document, []byte(before+begin+table+end+after), 0o644)
}

// commandOf is how the server is started.
func commandOf(ctx context.Context, program, dir string, port int) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, "serve")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DATA_DIR="+dir, "HOST=127.0.0.1", fmt.Sprint("PORT=", port), "DRAIN_SECONDS=0", "LOG_LEVEL=warn",
		"CENSUS_JWT_SECRET="+jwtSecret, "MAX_CHILDREN=1")
	return cmd
}
