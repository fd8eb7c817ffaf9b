package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// outcome is what callers saw.
type outcome struct {
	calls, recorded int
	slowest         time.Duration
	bad             []string
}

// settle is how long the load goes on before, between and after the restarts.
const settle = 3 * time.Second

// restartBehind restarts both servers behind a balancer while calls arrive.
func (s *pair) restartBehind(b balancer, dir string) (*outcome, error) {
	url, stop, err := b.start(dir, s.one[0].port, s.one[1].port)
	if err != nil {
		return nil, err
	}
	defer stop()
	time.Sleep(settle) // until its checks have found both
	begin := time.Now()
	ended := make(chan struct{})
	result := make(chan *outcome, 1)
	go func() { result <- s.load(url+"/api/v1/h/order", ended) }()
	time.Sleep(settle)
	for _, c := range s.one {
		if err = s.restart(c); err != nil {
			break
		}
		time.Sleep(settle)
	}
	close(ended)
	seen := <-result
	if err != nil {
		return nil, err
	}
	seen.recorded, err = s.recorded(begin)
	return seen, err
}

// load sends calls at an even rate until ended is closed. Each is sent once,
// also when it fails.
func (s *pair) load(url string, ended <-chan struct{}) *outcome {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex // guards seen
	seen := &outcome{}
	var calls sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(s.plan.rate))
	defer tick.Stop()
	for {
		select {
		case <-ended:
			calls.Wait()
			return seen
		case <-tick.C:
		}
		seen.calls++
		n := seen.calls
		calls.Go(func() {
			begin := time.Now()
			problem := call(client, url, n)
			took := time.Since(begin)
			mu.Lock()
			defer mu.Unlock()
			seen.slowest = max(seen.slowest, took)
			if problem != "" {
				seen.bad = append(seen.bad, problem)
			}
		})
	}
}

// call returns what went wrong, if anything did.
func call(client *http.Client, url string, n int) string {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(fmt.Sprintf(`{"order":%d}`, n)))
	if err != nil {
		return err.Error()
	}
	request.GetBody = nil // or the transport would repeat it by itself
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Sprintf("call %d: %v", n, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Sprintf("call %d: %d %v %.100q", n, response.StatusCode, err, text)
	}
	return ""
}
