package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// outcome is what callers saw.
type outcome struct {
	mu      sync.Mutex // guards what follows
	calls   map[string]int
	slowest time.Duration // of orders
	lines   int           // of live logs, each seen once
	resumed int           // live logs that went on from another server
	bad     []string
}

func (o *outcome) fail(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bad = append(o.bad, fmt.Sprintf(format, args...))
}

// newClient speaks HTTP/2 with the proxy, or HTTP/1.1, from an address of its own.
func newClient(http2 bool) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientAddress)}}
	transport := &http.Transport{
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: 100, ForceAttemptHTTP2: http2,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // made for this trial
	}
	return &http.Client{Timeout: 2 * time.Minute, Transport: transport}
}

// clientAddress is not the address that the servers trust as a proxy's.
const clientAddress = "127.0.0.9"

// load sends calls until ended is closed: orders at an even rate, each second a body
// of 8 MB, and a run of three seconds. Each is sent once, also when it fails.
func (s *pair) load(url string, seen *outcome, ended <-chan struct{}) {
	bulk := `{"text":"` + strings.Repeat("8 MB of text. ", 8<<20/14) + `"}`
	var senders sync.WaitGroup
	for _, each := range []struct {
		name  string
		every time.Duration
		body  func(n int) string
	}{
		{"order", time.Second / time.Duration(s.plan.rate), func(n int) string { return fmt.Sprintf(`{"order":%d}`, n) }},
		{"bulk", time.Second, func(int) string { return bulk }},
		{"slow", time.Second, func(n int) string { return fmt.Sprintf(`{"seconds":3,"n":%d}`, n) }},
	} {
		senders.Go(func() {
			clients := [2]*http.Client{newClient(true), newClient(false)}
			var calls sync.WaitGroup
			tick := time.NewTicker(each.every)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-ended:
					calls.Wait()
					return
				case <-tick.C:
				}
				calls.Go(func() {
					begin := time.Now()
					if err := call(clients[n%2], url+"/api/v1/h/"+each.name, each.body(n)); err != nil {
						seen.fail("%s %d: %v", each.name, n, err)
					}
					seen.mu.Lock()
					defer seen.mu.Unlock()
					seen.calls[each.name]++
					if each.name == "order" {
						seen.slowest = max(seen.slowest, time.Since(begin))
					}
				})
			}
		})
	}
	senders.Wait()
}

// call makes a call whose function returns its input.
func call(client *http.Client, url, body string) error {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.GetBody = nil // or the transport would repeat it by itself
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read the response (%d): %w", response.StatusCode, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%d %.100q", response.StatusCode, text)
	}
	if len(text) < len(body) {
		return fmt.Errorf("%d bytes instead of %d and more", len(text), len(body))
	}
	return nil
}
