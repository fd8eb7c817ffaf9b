// Command soak runs a server, built with the tag debug_cpython, for a long
// time under everything that can go wrong within a tenant: functions change
// between calls, calls are stopped in every way, interpreters are ended and
// made again. It fails when an answer is wrong, when memory grows, or when a
// counter of the C border is not zero at the end.
//
// Usage: soak -server bin/maestro-debug [-minutes 10] [-tenants 50]. It starts
// and stops the server itself, on loopback, with a data folder of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	server := flag.String("server", "bin/maestro-debug", "the server's program, built with -tags debug_cpython")
	minutes := flag.Float64("minutes", 10, "how long to run")
	tenants := flag.Int("tenants", 50, "number of subtenants")
	clients := flag.Int("clients", 16, "connections that send calls")
	logFile := flag.String("log", "", "a file for everything that the server logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := soak(ctx, *server, *logFile, *tenants, *clients, time.Duration(*minutes*float64(time.Minute))); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
