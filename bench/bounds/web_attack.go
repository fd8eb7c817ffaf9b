package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// attack is a way to harm a server from outside, without a function.
type attack struct {
	purpose string
	run     func(context.Context, *stage) (answer, error)
}

// attacks are keyed by the name under which they are reported.
var attacks = map[string]attack{
	"web_slow_bodies":  {"150 connections that announce 10 MB and trickle", slowBodies},
	"web_slow_headers": {"300 connections that send a header a byte at a time", slowHeaders},
	"web_idle":         {"1,000 connections that send nothing", idleConnections},
}

// trickle opens connections, sends a beginning on each, and then a byte every
// 100 ms for two seconds. The attack is over then, its connections still open
// until the answer to the caller, who makes an ordinary request meanwhile.
func trickle(ctx context.Context, s *stage, connections int, beginning, piece string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			pause(ctx, time.Duration(i)*time.Millisecond/2) // as senders arrive, not in one burst of this machine's own
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
			if err != nil {
				return
			}
			defer conn.Close()
			out := bufio.NewWriter(conn)
			_, err = out.WriteString(beginning)
			for err == nil && out.Flush() == nil && ctx.Err() == nil {
				pause(ctx, 100*time.Millisecond)
				_, err = out.WriteString(piece)
			}
		})
	}
	pause(ctx, time.Second)
	began := time.Now()
	got, err := s.send(context.Background(), neighbourName, "POST", "/api/v1/executions", run1("hello", "attack"))
	if err == nil && time.Since(began) > time.Second {
		err = fmt.Errorf("an ordinary call took %s", time.Since(began))
	}
	all.Wait()
	return got, err
}

func slowBodies(ctx context.Context, s *stage) (answer, error) {
	return trickle(ctx, s, 150, "POST /api/v1/h/anything HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n[", "1,")
}

func slowHeaders(ctx context.Context, s *stage) (answer, error) {
	return trickle(ctx, s, 300, http.MethodGet+" /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a")
}

func idleConnections(ctx context.Context, s *stage) (answer, error) {
	return trickle(ctx, s, 1000, "", "")
}
