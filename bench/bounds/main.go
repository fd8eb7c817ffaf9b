// Command bounds runs programs that a function should not be able to harm a
// server with: loops, leaks, deadlocks, faults, and searches for secrets. Each
// runs as a function of a fresh subtenant, with one second of time, while a
// neighbour subtenant calls a function every 20 ms. The command reports what
// stopped the program, the response to its caller, its record, the neighbour's
// latency, and the processor time and memory that remain, and judges them.
//
// Usage: bounds -server bin/maestro [-only die_] [-cases FOLDER]
// [-lane process] [-document docs/bounds.md]. It starts its own server on loopback with the
// embedded services, and starts it again after a program that was not bounded.
// It must not be part of the product.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

// options are the flags.
type options struct {
	program  string
	only     string
	cases    string
	document string
	logFile  string
	fresh    bool
	floor    time.Duration
	ceiling  int64 // bytes
	port     int
	lane     string
}

func main() {
	var o options
	var megabytes int64
	flag.StringVar(&o.program, "server", "bin/maestro", "the server's program")
	flag.StringVar(&o.only, "only", "", "a regular expression: the programs to run, matched at the beginning of their names")
	flag.StringVar(&o.cases, "cases", "", "a folder of programs to run in place of the built-in ones")
	flag.StringVar(&o.document, "document", "", "a document whose table is replaced; with -only, the rows of the programs that run")
	flag.StringVar(&o.logFile, "log", "", "a file for the server's output")
	flag.BoolVar(&o.fresh, "fresh", false, "start a new server before each program")
	flag.DurationVar(&o.floor, "floor", 10*time.Millisecond, "a neighbour's p99 below this is never a fault")
	flag.Int64Var(&megabytes, "ceiling", 4096, "MB of memory at which the server is killed, to protect the machine")
	flag.IntVar(&o.port, "port", 0, "the server's port; 0: a free one")
	flag.StringVar(&o.lane, "lane", "embedded", "the lane of the programs: embedded or process; each has a table of its own in the document")
	flag.Parse()
	o.ceiling = megabytes << 20
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bounds:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	wanted, err := regexp.Compile("^(?:" + o.only + ")")
	if err != nil {
		return fmt.Errorf("read -only: %w", err)
	}
	programs, err := programList(o.cases)
	if err != nil {
		return err
	}
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	var rows []row
	var names []string
	open := 0
	for _, p := range programs {
		names = append(names, p.name)
		if !wanted.MatchString(p.name) {
			continue
		}
		r, err := s.try(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, r)
		fmt.Println(r)
		if len(r.faults) > 0 {
			open++
		}
		if len(r.faults) > 0 || o.fresh {
			if err := s.restart(ctx); err != nil {
				return fmt.Errorf("after %s: %w", p.name, err)
			}
		}
	}
	fmt.Printf("%d of %d programs are bounded\n", len(rows)-open, len(rows))
	if o.document != "" {
		return writeMatrix(o.document, o.lane, names, rows)
	}
	if open > 0 {
		return fmt.Errorf("%d programs are not bounded", open)
	}
	return nil
}
