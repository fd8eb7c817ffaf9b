package main

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spans is a collector of OpenTelemetry that keeps the spans that it gets.
type spans struct {
	server *http.Server

	mu      sync.Mutex
	byTrace map[string][]*otlp.Span // guarded by mu
	came    chan struct{}           // guarded by mu; closed when spans come, and replaced
}

func listen(address string) (*spans, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for spans: %w", err)
	}
	s := &spans{byTrace: map[string][]*otlp.Span{}, came: make(chan struct{})}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *spans) close() { _ = s.server.Close() }

// ServeHTTP implements http.Handler.
func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		inflated, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = inflated
	}
	text, err := io.ReadAll(body)
	var request otlp.TracesData
	if err == nil {
		err = proto.Unmarshal(text, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				trace := hex.EncodeToString(span.TraceId)
				s.byTrace[trace] = append(s.byTrace[trace], span)
			}
		}
	}
	close(s.came)
	s.came = make(chan struct{})
}

// await waits for a number of spans of a trace.
func (s *spans) await(trace string, number int, patience time.Duration) ([]*otlp.Span, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		s.mu.Lock()
		found, came := s.byTrace[trace], s.came
		s.mu.Unlock()
		if len(found) >= number {
			return found, nil
		}
		select {
		case <-came:
		case <-timer.C:
			return nil, fmt.Errorf("%d of %d spans of the trace came within %v", len(found), number, patience)
		}
	}
}
