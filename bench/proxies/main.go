// Command proxies tries the files of deploy/proxies: it restarts and upgrades two
// servers, one after the other, behind haproxy, nginx and Caddy, under load, and counts
// what callers saw: calls that were refused or lost, records beside answers, lines of
// live logs that were missing or came twice. Before that it checks what the servers
// believe of forwarded headers, and that a long run is not cut off.
//
// Usage: proxies -server bin/maestro -next bin/maestro-next [-rate 100] [-drain 5]
// [-only haproxy]. It starts and stops everything itself, on loopback, with data folders of
// its own, and ends with status 1 when a call was refused or lost.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"maestro/internal/scratch"
)

// plan describes one trial.
type plan struct {
	program, next string        // before and after an upgrade
	files         string        // deploy/proxies
	rate          int           // orders a second
	drain         time.Duration // DRAIN_SECONDS of the servers
	only          string        // one program; empty: all
}

func main() {
	server := flag.String("server", "bin/maestro", "the server's program")
	next := flag.String("next", "bin/maestro-next", "the program after an upgrade, of another version")
	files := flag.String("files", "deploy/proxies", "the folder of the proxies' files")
	rate := flag.Int("rate", 100, "orders a second")
	drain := flag.Float64("drain", 5, "DRAIN_SECONDS of the servers")
	only := flag.String("only", "", "try one of haproxy, nginx and caddy only")
	flag.Parse()
	if err := run(plan{*server, *next, *files, *rate, time.Duration(*drain * float64(time.Second)), *only}); err != nil {
		fmt.Fprintln(os.Stderr, "proxies:", err)
		os.Exit(1)
	}
}

func run(p plan) error {
	ctx := context.Background()
	database, err := scratch.Start(ctx, "proxies")
	if err != nil {
		return err
	}
	defer database.End()
	redis, stopRedis, err := startRedis(database.Dir)
	if err != nil {
		return err
	}
	defer stopRedis()
	pair, err := startPair(p, database.Dir, database.URL(), redis)
	if err != nil {
		return err
	}
	defer pair.stop()

	all := slices.DeleteFunc(proxies(), func(each *proxy) bool { return p.only != "" && each.program != p.only })
	for _, each := range all {
		if _, err := exec.LookPath(each.program); err != nil {
			return fmt.Errorf("%s is not there: run scripts/setup proxies", each.program)
		}
		folder := filepath.Join(database.Dir, each.program)
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
		if err := writeCertificate(filepath.Join(folder, "tls.pem")); err != nil {
			return err
		}
		if err := each.start(p.files, folder, [2]int{pair.one[0].port, pair.one[1].port}); err != nil {
			return fmt.Errorf("%s: %w", each.name, err)
		}
		defer each.stop()
	}
	if err := pair.check(all); err != nil {
		return err
	}
	return pair.tryAll(all)
}

// check makes the checks that need no load.
func (s *pair) check(all []*proxy) error {
	var mu sync.Mutex // guards faults
	var faults []error
	var checks sync.WaitGroup
	for _, p := range all {
		for _, check := range []func(*proxy) error{s.checkHeaders, s.checkLongRun} {
			checks.Go(func() {
				if err := check(p); err != nil {
					mu.Lock()
					defer mu.Unlock()
					faults = append(faults, fmt.Errorf("%s: %w", p.name, err))
				}
			})
		}
	}
	checks.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	fmt.Printf("Forwarded headers, the id of a request, a body over the limit and a run of %v: as they should be.\n\n", longRun)
	return nil
}

// tryAll restarts the servers behind each proxy, and prints a row of a table for each.
func (s *pair) tryAll(all []*proxy) error {
	fmt.Println("| proxy | orders | bodies of 8 MB | runs of 3 s | live logs: runs, lines, resumed | refused, failed or lost | recorded | slowest order |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	bad := 0
	for _, p := range all {
		seen, recorded, err := s.restartBehind(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		total := 0
		for _, n := range seen.calls {
			total += n
		}
		fmt.Printf("| %s | %d | %d | %d | %d, %d, %d | %d | %d of %d | %d ms |\n", p.name, seen.calls["order"], seen.calls["bulk"], seen.calls["slow"],
			seen.calls["lines"], seen.lines, seen.resumed, len(seen.bad), recorded, total, seen.slowest.Milliseconds())
		if len(seen.bad) > 0 {
			fmt.Println("    ", strings.Join(seen.bad[:min(5, len(seen.bad))], "\n     "))
		}
		bad += len(seen.bad)
		if recorded != total {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d calls were refused, lost or run twice", bad)
	}
	return nil
}
