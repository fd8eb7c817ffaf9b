// Command journey takes an installed server from nothing to one that is scraped,
// traced, backed up and restored, as an operator would, and prints each step. It
// fails at the first step that does not do what the documents say.
//
// Usage: journey -url http://127.0.0.1:8000 -start COMMAND -stop COMMAND -reset COMMAND
// -maestro PREFIX -backup FILE [-collector 127.0.0.1:4318] [-servers ADDRESS,…]. The commands are lines of a
// shell: they start and stop the service, and take its data away. PREFIX runs maestro
// with the settings and the account of the service. The service must send its traces
// to the collector's address. Where the service is several servers behind a proxy,
// -servers has their own addresses, and -url that of the proxy. The program must not know how the service is installed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	var j journey
	flag.StringVar(&j.url, "url", "http://127.0.0.1:8000", "where the service listens")
	flag.StringVar(&j.start, "start", "", "starts the service")
	flag.StringVar(&j.stop, "stop", "", "stops the service, and waits for its end")
	flag.StringVar(&j.reset, "reset", "", "takes the data of the stopped service away")
	flag.StringVar(&j.maestro, "maestro", "maestro", "begins a command of maestro")
	flag.StringVar(&j.backup, "backup", "", "the file of the backup, as maestro sees it")
	servers := flag.String("servers", "", "the servers behind the proxy at -url, separated by commas; none: -url is the server")
	flag.BoolVar(&j.embedded, "embedded", false, "leave the process lane out: an emulator of another processor has no such processes")
	flag.DurationVar(&j.patience, "patience", time.Minute, "how long a start may take")
	address := flag.String("collector", "127.0.0.1:4318", "where spans are received")
	flag.Parse()
	j.servers = []string{j.url}
	if *servers != "" {
		j.servers = strings.Split(*servers, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := j.run(ctx, *address); err != nil {
		fmt.Fprintln(os.Stderr, "journey:", err)
		os.Exit(1)
	}
}

// run takes all steps.
func (j *journey) run(ctx context.Context, address string) (err error) {
	j.collector, err = listen(address)
	if err != nil {
		return err
	}
	defer j.collector.close()
	for _, step := range j.steps() {
		began := time.Now()
		said, err := step.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("%-34s %6d ms  %s\n", step.name, time.Since(began).Milliseconds(), said)
	}
	return nil
}
