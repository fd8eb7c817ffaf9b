// Command drain restarts two servers one after the other behind a balancer,
// under load, and counts what callers saw: calls that were refused or lost, and
// records beside answers. The balancers are haproxy, with plain health checks,
// and nginx, which has none and tries the other server when one refuses.
//
// Usage: drain -server bin/maestro [-rate 100] [-drain 5]. It needs haproxy and
// nginx, starts and stops everything itself, on loopback, with data folders of
// its own, and ends with status 1 when a call was refused or lost.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"maestro/internal/postgres"
)

// plan describes one trial.
type plan struct {
	program string
	rate    int           // calls a second
	drain   time.Duration // DRAIN_SECONDS of the servers
}

func main() {
	server := flag.String("server", "bin/maestro", "the server's program")
	rate := flag.Int("rate", 100, "calls a second")
	drain := flag.Float64("drain", 5, "DRAIN_SECONDS of the servers")
	flag.Parse()
	if err := run(plan{program: *server, rate: *rate, drain: time.Duration(*drain * float64(time.Second))}); err != nil {
		fmt.Fprintln(os.Stderr, "drain:", err)
		os.Exit(1)
	}
}

func run(p plan) error {
	dir, err := os.MkdirTemp("", "maestro-drain-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the database runs as a lesser user
		return err
	}
	ctx := context.Background()
	database, err := postgres.Start(ctx, postgres.Options{DataDir: dir})
	if err != nil {
		return err
	}
	defer func() { _ = database.Stop(ctx) }()
	pair, err := startPair(p, dir, database.URL())
	if err != nil {
		return err
	}
	defer pair.stop()
	fmt.Println("| balancer | calls | refused or failed | recorded | slowest ms |\n| --- | --- | --- | --- | --- |")
	bad := 0
	for _, b := range balancers {
		if _, err := exec.LookPath(b.program); err != nil {
			return fmt.Errorf("%s is not there: install it (apt-get install %s)", b.program, b.program)
		}
		outcome, err := pair.restartBehind(b, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		fmt.Printf("| %s | %d | %d | %d | %d |\n", b.name, outcome.calls, len(outcome.bad), outcome.recorded, outcome.slowest.Milliseconds())
		for i, line := range outcome.bad {
			if i < 5 {
				fmt.Println("    ", line)
			}
		}
		bad += len(outcome.bad)
		if outcome.recorded != outcome.calls {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d calls were refused, lost or run twice", bad)
	}
	return nil
}
