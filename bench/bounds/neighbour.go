package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	neighbourName = "tenant-b"
	callEvery     = 20 * time.Millisecond
	lostAfter     = 5 * time.Second // a call without an answer counts as lost
)

// hello returns the number of the process that serves it, so that a restart is
// seen. linger keeps an input in a frame, which a search could find.
const helloCode = `
import os

import maestro

SECRET = None

def hello(input):
    global SECRET
    if SECRET is None:
        SECRET = maestro.secret("PLANTED")
    return {"pid": os.getpid()}
`

const lingerCode = `
import time

def linger(input):
    time.sleep(0.3)
`

// neighbour calls a function of another subtenant at an even rate.
type neighbour struct {
	cancel context.CancelFunc
	calls  sync.WaitGroup

	mu   sync.Mutex // guards done
	done []neighbourCall
}

type neighbourCall struct {
	began time.Time
	took  time.Duration
	pid   int    // of the process that answered
	lost  string // the reason
	cut   bool   // the connection ended
}

func (s *stage) startNeighbour(ctx context.Context) (*neighbour, error) {
	for _, request := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/v1/subtenants", map[string]any{"subtenant_id": neighbourName}},
		{"PUT", "/api/v1/secrets/PLANTED", map[string]any{"value": plantedSecret}},
		{"POST", "/api/v1/functions", map[string]any{"name": "hello", "code": helloCode}},
		{"POST", "/api/v1/functions", map[string]any{"name": "linger", "code": lingerCode}},
	} {
		tenant := neighbourName
		if request.path == "/api/v1/subtenants" {
			tenant = ""
		}
		got, err := s.send(ctx, tenant, request.method, request.path, request.body)
		if err != nil {
			return nil, err
		}
		if got.status >= 300 && got.status != http.StatusConflict { // it is there from before a restart
			_, err := s.must(ctx, http.StatusCreated, tenant, request.method, request.path, request.body)
			return nil, err
		}
	}
	if _, err := s.must(ctx, http.StatusOK, neighbourName, "POST", "/api/v1/executions", run1("hello", "warm")); err != nil {
		return nil, err
	}
	calling, cancel := context.WithCancel(ctx)
	n := &neighbour{cancel: cancel}
	n.calls.Go(func() {
		for calling.Err() == nil {
			if _, err := s.send(calling, neighbourName, "POST", "/api/v1/executions", run1("linger", plantedInput)); err != nil {
				pause(calling, 100*time.Millisecond)
			}
		}
	})
	n.calls.Go(func() {
		tick := time.NewTicker(callEvery)
		defer tick.Stop()
		for {
			select {
			case <-calling.Done():
				return
			case <-tick.C:
				n.calls.Go(func() { n.call(calling, s) })
			}
		}
	})
	pause(ctx, time.Second) // its latency settles
	return n, nil
}

func run1(function string, victim any) map[string]any {
	return map[string]any{"function_name": function, "input_data": map[string]any{"victim": victim}}
}

func (n *neighbour) call(ctx context.Context, s *stage) {
	limited, cancel := context.WithTimeout(ctx, lostAfter)
	defer cancel()
	c := neighbourCall{began: time.Now()}
	got, err := s.send(limited, neighbourName, "POST", "/api/v1/executions", run1("hello", "neighbour"))
	c.took = time.Since(c.began)
	var said struct{ Result struct{ PID int } }
	switch {
	case ctx.Err() != nil:
		return // the trial is over
	case err != nil:
		c.lost = err.Error()
		c.cut = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	case got.status != http.StatusOK:
		c.lost = clip(string(got.body), 200)
	default:
		c.lost = ""
		if json.Unmarshal(got.body, &said) == nil {
			c.pid = said.Result.PID
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.done = append(n.done, c)
}

func (n *neighbour) stop() {
	n.cancel()
	n.calls.Wait()
}

// view is the neighbour's calls of a span of time.
type view struct {
	calls, lost int
	cut         int // of the lost ones, by a connection that ended while they waited
	p50, p99    time.Duration
	reason      string          // of the first lost call
	pids        []int           // that answered, in order, each once
	gap         time.Duration   // the longest time between two answers
	took        []time.Duration // by the answered calls, sorted
}

// join adds the calls of another span to the percentiles.
func (v *view) join(other view) {
	v.took = append(slices.Clone(v.took), other.took...)
	slices.Sort(v.took)
	v.measure()
}

// measure sets the percentiles.
func (v *view) measure() {
	if n := len(v.took); n > 0 {
		v.p50, v.p99 = v.took[n/2], v.took[n*99/100]
	}
}

// between waits for the calls that began in the span, and summarises them.
func (n *neighbour) between(from, to time.Time) view {
	n.mu.Lock()
	defer n.mu.Unlock()
	var v view
	var answered []time.Time
	for _, c := range n.done {
		if c.began.Before(from) || c.began.After(to) {
			continue
		}
		v.calls++
		if c.lost != "" {
			v.lost++
			if c.cut {
				v.cut++
			}
			if v.reason == "" {
				v.reason = c.lost
			}
			continue
		}
		v.took = append(v.took, c.took)
		answered = append(answered, c.began.Add(c.took))
		if !slices.Contains(v.pids, c.pid) {
			v.pids = append(v.pids, c.pid)
		}
	}
	slices.Sort(v.took)
	v.measure()
	slices.SortFunc(answered, time.Time.Compare)
	last := from
	for _, at := range answered {
		v.gap = max(v.gap, at.Sub(last))
		last = at
	}
	v.gap = max(v.gap, to.Sub(last))
	return v
}

// pid is the process that answered last.
func (n *neighbour) pid() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range slices.Backward(n.done) {
		if c.pid != 0 {
			return c.pid
		}
	}
	return 0
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
