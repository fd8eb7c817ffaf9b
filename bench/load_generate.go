package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// target is one thing to send requests to.
type target struct {
	name    string
	host    string // host:port
	method  string
	path    string
	headers map[string]string
	body    string
	expect  string // the answer contains this, or the run is void
}

// figures are the outcome of one round of load.
type figures struct {
	requests int
	took     time.Duration
	p50, p99 time.Duration
}

func (f figures) perSecond() float64 { return float64(f.requests) / f.took.Seconds() }

// generate keeps clients connections busy for the given time, each sending the
// next request when the last one is answered. Every answer is checked.
func generate(t target, clients int, length time.Duration) (figures, error) {
	client := &fasthttp.HostClient{Addr: t.host, MaxConns: clients, ReadTimeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var (
		wait  sync.WaitGroup
		mu    sync.Mutex // guards all and first
		all   []time.Duration
		first error
	)
	start := time.Now()
	end := start.Add(length)
	for range clients {
		wait.Go(func() {
			times, err := t.send(client, end)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, times...)
			first = errors.Join(first, err)
		})
	}
	wait.Wait()
	took := time.Since(start)
	if first != nil {
		return figures{}, fmt.Errorf("%s: %w", t.name, first)
	}
	slices.Sort(all)
	return figures{
		requests: len(all),
		took:     took,
		p50:      all[len(all)/2],
		p99:      all[len(all)*99/100],
	}, nil
}

func (t target) send(client *fasthttp.HostClient, end time.Time) ([]time.Duration, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	var times []time.Duration
	for {
		request.Reset()
		request.SetRequestURI("http://" + t.host + t.path)
		request.Header.SetMethod(t.method)
		request.Header.SetContentType("application/json")
		for name, value := range t.headers {
			request.Header.Set(name, value)
		}
		request.SetBodyString(t.body)
		start := time.Now()
		if err := client.Do(request, response); err != nil {
			return nil, err
		}
		now := time.Now()
		if response.StatusCode() != fasthttp.StatusOK || !contains(response.Body(), t.expect) {
			return nil, fmt.Errorf("unexpected answer %d: %.300s", response.StatusCode(), response.Body())
		}
		times = append(times, now.Sub(start))
		if !now.Before(end) {
			return times, nil
		}
	}
}
