package embed

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/rate"
)

// floods are ways to write without an end, or very much at once. Each writes some
// megabytes.
var floods = map[string]string{
	"print":           "for i in range(100_000): print('x' * 100)",
	"no line feed":    "import sys\n    s = 'x' * 100_000\n    for i in range(100): sys.stdout.write(s)",
	"one line":        "print('x' * 10_000_000)",
	"one line of é":   "print('é' * 5_000_000)",
	"no text":         "for i in range(100_000): print()",
	"descriptor 1":    "import os\n    for i in range(10_000): os.write(1, b'x' * 1000 + b'\\n')",
	"one write":       "import os\n    os.write(2, b'x' * 10_000_000)",
	"logging":         "import logging\n    for i in range(10_000): logging.warning('x' * 1000)",
	"one log record":  "import maestro\n    maestro.log.info('x' * 10_000_000)",
	"large fields":    "import maestro\n    for i in range(100): maestro.log.info('x', a='x' * 100_000)",
	"a child process": "import subprocess, sys\n    subprocess.run(['head', '-c', '10000000', '/dev/zero'])",
	"threads":         "import threading\n    ts = [threading.Thread(target=lambda: [print('x' * 1000) for _ in range(3000)]) for _ in range(4)]\n    [t.start() for t in ts]; [t.join() for t in ts]",
	"a sibling":       "for i in range(100): line(1)",
}

// Of a flood of output, the log holds the rate of a few seconds, in lines of a
// bounded length, and names the part that is missing.
func TestFloodsOfOutput(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	for name, body := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newTestEngine(h)
			e.define(t, "line", "def line(input):\n    print('x' * 100_000)\n")
			e.define(t, "floods", "def floods(input):\n    "+body+"\n    return 1\n")
			began := time.Now()
			outcome := e.call(t, name, "floods", "null")
			require.Nil(t, outcome.Failure)
			seconds := int(time.Since(began)/time.Second) + 1
			bytes, said := 0, outcome.Omitted.Lines
			for _, line := range e.logged() {
				require.LessOrEqual(t, len(line.Text), maxLogText+100)
				require.LessOrEqual(t, len(line.Fields), maxLogText)
				bytes += len(line.Text) + len(line.Fields)
				if strings.HasSuffix(line.Text, "left out: more than 1 MB/s") {
					said++
				}
			}
			require.LessOrEqual(t, bytes, (seconds+2)*rate.PerSecond)
			if name != "one log record" && name != "large fields" { // cut, which is said in them
				require.Positive(t, said)
			}
			neighbour := newTestEngine(h)
			neighbour.define(t, "prints", "def prints(input):\n    print('ordinary')\n")
			neighbour.call(t, name+"'s neighbour", "prints", "null")
			require.Equal(t, "ordinary", neighbour.logged()[0].Text)
		})
	}
}

func (e *testEngine) logged() []model.LogLine {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.logs)
}
