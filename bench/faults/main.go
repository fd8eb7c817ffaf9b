// Command faults runs a server under a steady load of orders and takes its
// PostgreSQL and its Redis away in thirteen ways. Its clients
// wait after a 503 as long as Retry-After says and send the order again, without an
// idempotency key. It reports the responses, the records, and the time of the
// recovery, and fails if an order was charged twice, or was answered and is not
// recorded exactly once.
//
// Usage: faults -server bin/maestro [-rate 100] [-only frozen] [-document docs/operations.md].
// It starts all that it needs on loopback. The disk that is full is a small file
// system in memory where one can be mounted, else the error that a full disk gives.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
)

func main() {
	program := flag.String("server", "bin/maestro", "the server's program")
	rate := flag.Int("rate", 100, "orders a second")
	only := flag.String("only", "", "a regular expression: the faults to try")
	document := flag.String("document", "", "a document whose table is replaced")
	logFile := flag.String("log", "", "a file for what the server logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *program, *logFile, *only, *document, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, logFile, only, document string, rate int) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("read -only: %w", err)
	}
	s, err := newStage(ctx, program, logFile)
	if err != nil {
		return err
	}
	defer s.close()
	var rows []row
	var wrong error
	for _, f := range faults {
		if !wanted.MatchString(f.name) {
			continue
		}
		fmt.Printf("%s …\n", f.name)
		r, err := s.try(ctx, f, rate)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		fmt.Println(r)
		if r.fault() != "" && wrong == nil {
			wrong = fmt.Errorf("%s: %s", f.name, r.fault())
		}
		rows = append(rows, r)
	}
	if document != "" && wrong == nil {
		return writeTable(document, rate, rows)
	}
	return wrong
}
