package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// maxGrowth is by how much the memory of the last third may exceed that of the
// second third, in MB: a leak grows further after the pools have filled.
const maxGrowth = 40

// window is how long one half of the tenants is called before the other half
// is; the silent half's interpreters are ended meanwhile. Making one again with
// all its imports takes some 0.3 s of a processor under Python's checking
// allocator: a shorter window would measure nothing else.
const window = 30 * time.Second

func soak(ctx context.Context, program, logFile string, tenants, clients int, length time.Duration) error {
	server, err := startServer(ctx, program, logFile)
	if err != nil {
		return err
	}
	calls, samples, failed := load(ctx, server, tenants, clients, length)
	err = errors.Join(failed, server.stop())
	server.mu.Lock()
	counters := server.counters
	server.mu.Unlock()
	fmt.Printf("%d calls in %s\n%s\n", calls, length, counters)
	return errors.Join(err, checkCounters(counters), checkMemory(samples))
}

// load makes the calls and returns how many there were, and the memory over
// time.
func load(ctx context.Context, server *child, number, clients int, length time.Duration) (int64, []float64, error) {
	all := make([]*tenant, number)
	for i := range all {
		name := fmt.Sprintf("t%03d", i)
		tok, err := token(name)
		if err != nil {
			return 0, nil, err
		}
		all[i] = &tenant{name: name, base: server.base, token: tok}
		if err := all[i].create(); err != nil {
			return 0, nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	start := time.Now()
	var (
		calls   atomic.Int64
		wait    sync.WaitGroup
		mu      sync.Mutex // guards failure
		failure error
	)
	fail := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failure = errors.Join(failure, err)
		cancel()
	}
	for range clients {
		wait.Go(func() {
			for ctx.Err() == nil {
				half := int(time.Since(start)/window) % 2
				t := all[rand.IntN(number/2)*2+half]
				var err error
				switch rand.IntN(300) {
				case 0:
					err = t.change()
				case 1:
					err = t.changeShared()
				default:
					err = t.once()
				}
				if err != nil {
					fail(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	var samples []float64
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			samples = append(samples, server.memory())
			if len(samples)%6 == 0 {
				_, health, _ := get(server.base+"/health", "")
				fmt.Printf("%6.0f s  %9d calls  %6.0f MB  %.600s\n", time.Since(start).Seconds(), calls.Load(), samples[len(samples)-1], health)
			}
		}
	}
	wait.Wait()
	return calls.Load(), samples, failure
}

var counter = regexp.MustCompile(`(interpreters|thread_states|handles|buffers)=(-?\d+)`)

// checkCounters wants every counter of the C border to be zero at the end.
func checkCounters(line string) error {
	found := counter.FindAllStringSubmatch(line, -1)
	if len(found) == 0 {
		return errors.New("the server printed no counters: was it built with -tags debug_cpython?")
	}
	for _, f := range found {
		if n, err := strconv.Atoi(f[2]); err != nil || n != 0 {
			return fmt.Errorf("counter %s is %s at the end, not 0", f[1], f[2])
		}
	}
	return nil
}

func checkMemory(samples []float64) error {
	third := len(samples) / 3
	if third < 3 {
		return nil // too short a run to say
	}
	middle, last := mean(samples[third:2*third]), mean(samples[2*third:])
	fmt.Printf("memory: %.0f MB in the second third, %.0f MB in the last\n", middle, last)
	if last > middle+maxGrowth {
		return fmt.Errorf("memory grew by %.0f MB", last-middle)
	}
	return nil
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
