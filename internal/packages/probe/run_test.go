package probe_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/cpython/kit"
	"maestro/internal/packages/probe"
	"maestro/internal/testkit"
)

// run probes the modules a and b, with a script in the child's place.
func run(t *testing.T, script string, limit time.Duration) ([]probe.Finding, error) {
	t.Helper()
	dir := t.TempDir()
	findings, err := probe.Run(t.Context(), probe.Options{
		Command: []string{"/bin/sh", "-c", script}, Python: kit.Executable(testkit.KitHome(t)), TempDir: dir, Limits: probe.Limits{Time: limit},
	}, "/nowhere", []probe.Module{{Package: "pa", Name: "a"}, {Package: "pb", Name: "b"}})
	left, reading := os.ReadDir(dir)
	require.NoError(t, reading)
	require.Empty(t, left)
	return findings, err
}

const (
	beginsA = `echo '{"module": "a", "begins": true}' >&3; `
	endsA   = `echo '{"module": "a"}' >&3; `
	beginsB = `echo '{"module": "b", "begins": true}' >&3; `
	quoteB  = `echo '{"module": "b", "refuses": true, "type": "ImportError", "message": "Original error was: module c.d does not support loading in subinterpreters"}' >&3; `
	refuseB = `echo '{"module": "b", "refuses": true, "type": "ImportError", "message": "module c.d does not support loading in subinterpreters"}' >&3; `
)

// Whenever the child ends, it is clear whose doing it was.
func TestAnEndBeforeTheLastImport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		limit  time.Duration
		want   probe.Finding // the last one
		count  int
	}{
		"in an import":            {beginsA + "kill -ILL $$", 0, probe.Finding{Package: "pa", Module: "a", Kind: probe.Crashed, Detail: "the process was ended by the signal illegal instruction"}, 1},
		"in the second one":       {beginsA + endsA + beginsB + "exit 7", 0, probe.Finding{Package: "pb", Module: "b", Kind: probe.Crashed, Detail: "the process ended with status 7"}, 2},
		"between two":             {beginsA + endsA + "kill -ILL $$", 0, probe.Finding{Package: "pa", Module: "a", Kind: probe.Crashed, Detail: "right after its import the process was ended by the signal illegal instruction"}, 1},
		"never, before the first": {"sleep 1000", 300 * time.Millisecond, probe.Finding{Package: "pa", Module: "a", Kind: probe.TimedOut, Detail: "300ms; the interpreter was not ready by then"}, 1},
		"a quoted refusal":        {beginsA + endsA + beginsB + quoteB, 0, probe.Finding{Package: "pb", Module: "b", Kind: probe.Refuses, Detail: "Original error was: module c.d does not support loading in subinterpreters", Refuser: "c.d"}, 2},
		"after the last":          {beginsA + endsA + beginsB + refuseB + "exit 1", 0, probe.Finding{Package: "pb", Module: "b", Kind: probe.Refuses, Detail: "module c.d does not support loading in subinterpreters", Refuser: "c.d"}, 2},
	} {
		findings, err := run(t, "cat > /dev/null; "+c.script, c.limit)
		require.NoError(t, err, name)
		require.Len(t, findings, c.count, name)
		require.Equal(t, c.want, findings[c.count-1], name)
	}
	findings, err := run(t, beginsA+endsA+beginsB+"sleep 1000", 3*time.Second)
	require.NoError(t, err)
	require.Equal(t, probe.TimedOut, findings[len(findings)-1].Kind)
	_, err = run(t, "echo the interpreter is broken; exit 1", 0)
	require.ErrorContains(t, err, "the child ended too early: the process ended with status 1: the interpreter is broken")
}
