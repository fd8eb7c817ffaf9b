package main

import (
	"bufio"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// TestLogWithoutAReader: the program at the other end of the log ends, as a journal does
// that is stopped. The server and its supervisor go on, and stop in order.
func TestLogWithoutAReader(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"supervised": nil, "alone": {"--unsupervised"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := testkit.DataDir(t)
			log, end, err := os.Pipe()
			require.NoError(t, err)
			cmd := command(t, dir, []string{"DATABASE_URL=" + testkit.DatabaseURL(t), "SECRET_KEY=" + jwtSecret, "CENSUS_JWT_SECRET=" + jwtSecret}, append([]string{"serve"}, flags...)...)
			cmd.Stdout, cmd.Stderr = end, end
			require.NoError(t, cmd.Start())
			require.NoError(t, end.Close())
			p := &program{cmd: cmd, dir: dir, done: make(chan struct{})}
			go func() {
				p.err = cmd.Wait()
				close(p.done)
			}()
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				<-p.done
			})
			lines := bufio.NewScanner(log)
			for p.url == "" && lines.Scan() {
				p.keep(append(lines.Bytes(), '\n'))
				p.url = readyLine.FindString(lines.Text())
			}
			require.NotEmpty(t, p.url, p.said())
			require.NoError(t, log.Close())

			c := p.client(t, "acme")
			c.define("f", "def f(input):\n    return input")
			require.Equal(t, "7", c.result("f", 7))
			if flags == nil { // the supervisor has something to say too
				before := p.server(t)
				require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
				require.Eventually(t, func() bool { return !alive(before) }, time.Minute, time.Millisecond)
				c.send("GET", "/livez", nil) // the connection waits for the next one
				require.Equal(t, "8", c.result("f", 8))
			}
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			<-p.done
			require.NoError(t, p.err)
		})
	}
}
