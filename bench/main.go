// Command bench measures the server against the limit of what the same HTTP
// and the same durable insert can do without Python, in one run, and prints
// the ratios. The limit's parts are the server's own: Fiber, the schemas, the
// recorder, PostgreSQL.
//
// Then it measures the queue beside River alone (queue_compare.go).
//
// With -other it compares two servers instead, in pairs of rounds (pair_compare.go): two
// programs, or one with other settings. With -traces it compares sampled runs with others
// (trace_compare.go).
//
// Usage: bench -server bin/maestro [-seconds 5] [-queue], or
// bench -server bin/maestro (-other PROGRAM [-set NAME=VALUE,…] | -traces) [-rounds 10]. It starts and stops
// everything itself, on loopback, with a data folder of its own. With "bare"
// or "limit" as its argument it is one of its own children.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	server := flag.String("server", "bin/maestro", "the server's program")
	seconds := flag.Float64("seconds", 5, "length of each round of load")
	rounds := flag.Int("rounds", 3, "rounds of each comparison; the median counts")
	jobs := flag.Int("jobs", 10_000, "runs that are drained from the queue in a round; 0 leaves the queue out")
	only := flag.Bool("queue", false, "measure the queue alone")
	other := flag.String("other", "", "the program of a server that is compared with -server in pairs of rounds")
	set := flag.String("set", "", "settings of the other server, NAME=VALUE separated by commas")
	traces := flag.Bool("traces", false, "compare runs that are traced with others, on one server")
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "bare":
		err = serveBare()
	case "limit":
		err = serveLimit()
	case "":
		p := pair{server: *server, other: *other, settings: settingsOf(*set), length: time.Duration(*seconds * float64(time.Second)), rounds: *rounds}
		switch {
		case *traces:
			err = compareTraces(p)
		case *other != "":
			err = comparePair(p)
		default:
			err = compare(plan{server: *server, length: p.length, rounds: *rounds, jobs: *jobs, queueOnly: *only})
		}
	default:
		err = fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
