package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	before = time.Second     // of load before a fault
	after  = 5 * time.Second // and after it
)

// seen is what clients saw.
type seen struct {
	mu       sync.Mutex // guards what follows
	orders   map[string]string
	answered int
	spooled  int
	refused  int
	others   map[string]int             // by what it was
	slowest  time.Duration              // answer to an order that was charged
	firstNo  time.Time                  // refusal
	lastBad  time.Time                  // refusal, or answer from the spool
	probes   map[string]map[string]bool // path → what it said
	slowLook time.Duration              // at any of the three
}

// order sends one order until it is answered, as its clients are told.
func (s *stage) order(ctx context.Context, name string, v *seen) {
	for {
		began := time.Now()
		got, err := s.send(ctx, "POST", "/api/v1/h/order", map[string]any{"order": name})
		now := time.Now()
		v.mu.Lock()
		wait := 0
		switch {
		case err != nil:
			v.others["no answer"]++
		case got.status == http.StatusOK:
			v.answered++
			v.orders[name] = got.header.Get("X-Execution-ID")
			v.slowest = max(v.slowest, now.Sub(began))
			if got.header.Get("X-Maestro-Record") != "" {
				v.spooled++
				v.lastBad = now
			}
		case got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "":
			wait, _ = strconv.Atoi(got.header.Get("Retry-After"))
			v.refused++
			v.lastBad = now
			if v.firstNo.IsZero() {
				v.firstNo = now
			}
		default:
			v.others[strconv.Itoa(got.status)]++
		}
		v.mu.Unlock()
		if wait == 0 {
			return
		}
		pause(ctx, time.Duration(wait)*time.Second)
	}
}

var probePaths = []string{"/livez", "/readyz", "/health"}

// look asks how the server is, as balancers do.
func (s *stage) look(ctx context.Context, v *seen) {
	for ctx.Err() == nil {
		for _, path := range probePaths {
			began := time.Now()
			state := s.state(path)
			v.mu.Lock()
			if v.probes[path] == nil {
				v.probes[path] = map[string]bool{}
			}
			v.probes[path][state] = true
			v.slowLook = max(v.slowLook, time.Since(began))
			v.mu.Unlock()
		}
		pause(ctx, 250*time.Millisecond)
	}
}

// try runs the load through one fault, and measures.
func (s *stage) try(ctx context.Context, f fault, rate int) (row, error) {
	v := &seen{orders: map[string]string{}, others: map[string]int{}, probes: map[string]map[string]bool{}}
	loading, stop := context.WithCancel(ctx)
	var clients, generator sync.WaitGroup
	var names []string
	generator.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-loading.Done():
				return
			case <-tick.C:
				name := fmt.Sprintf("%d-%d", time.Now().UnixNano(), len(names))
				names = append(names, name)
				clients.Go(func() { s.order(ctx, name, v) })
			}
		}
	})
	generator.Go(func() { s.look(loading, v) })
	pause(ctx, before)
	began := time.Now()
	err := f.hold(ctx, s)
	ended := time.Now()
	pause(ctx, after)
	stop()
	generator.Wait()
	clients.Wait()
	if err != nil {
		return row{}, err
	}
	if err := s.await(ctx, "the spool is empty and calls are taken", func() bool { return s.spooled() == 0 && s.state("/readyz") == "ready" }); err != nil {
		return row{}, err
	}
	return s.measure(ctx, f, v, names, began, ended)
}
