package confine_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/testkit"
)

// BenchmarkConnections compares connections that the server makes with those that
// a program makes itself, in one run: microseconds of each, alternately.
func BenchmarkConnections(b *testing.B) {
	c := setup(b)
	c.places["open"], c.places["count"] = port(listen(b, "tcp", "127.0.0.1:0")), 500
	network := c.policy.Network
	const source = `
import socket, time
def measure(kind):
    took = []
    for _ in range(places["count"]):
        with socket.socket(type=kind) as s:
            before = time.perf_counter()
            s.connect(("127.0.0.1", places["open"]))
            took.append(time.perf_counter() - before)
    return sorted(took)[len(took) // 2] * 1e6
def messages():
    a, b = socket.socketpair()
    before = time.perf_counter()
    for _ in range(places["count"]):
        a.sendmsg([b"x"])
        b.recv(1)
    return (time.perf_counter() - before) / places["count"] * 1e6
print(json.dumps({"tcp": measure(socket.SOCK_STREAM), "udp": measure(socket.SOCK_DGRAM), "sendmsg": messages()}))
`
	sums := map[string]float64{}
	for b.Loop() {
		for name, with := range map[string]bool{"watched": true, "own": false} {
			c.policy.Network = nil
			if with {
				c.policy.Network = network
			}
			for kind, microseconds := range c.run(b, source).(map[string]any) {
				sums[kind+"-"+name+"-µs"] += microseconds.(float64)
			}
		}
	}
	for name, sum := range sums {
		b.ReportMetric(sum/float64(b.N), name)
	}
}

// BenchmarkStart compares the start of a program with that of a confined one, in one run.
func BenchmarkStart(b *testing.B) {
	c := setup(b)
	var own, confined time.Duration
	for b.Loop() {
		for _, confine := range []bool{true, false} {
			cmd := exec.CommandContext(b.Context(), "/bin/true")
			release := func() {}
			began := time.Now()
			if confine {
				var err error
				release, err = c.report.Apply(cmd, c.policy, testkit.Logger(b))
				require.NoError(b, err)
			}
			require.NoError(b, cmd.Run())
			if took := time.Since(began); confine {
				confined += took
			} else {
				own += took
			}
			release()
		}
	}
	b.ReportMetric(float64(own.Microseconds())/float64(b.N)/1000, "own-ms")
	b.ReportMetric(float64(confined.Microseconds())/float64(b.N)/1000, "confined-ms")
}
