package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"maestro/internal/scratch"
)

// compareTraces prints what traces cost: one server with a collector is loaded in turn
// with requests whose traceparent says that they are not sampled, and with requests that
// are. Two servers differ by some per cent even when they are the same program with the
// same settings, more than the 2 % that are the bound here.
func compareTraces(p pair) error {
	database, err := scratch.Start(context.Background(), "bench")
	if err != nil {
		return err
	}
	defer database.End()
	collector, address, err := startCollector()
	if err != nil {
		return err
	}
	defer func() { _ = collector.Close() }()
	child, err := start(p.server, []string{
		"DATABASE_URL=" + database.URL(), "SECRET_KEY=" + jwtSecret, "CENSUS_JWT_SECRET=" + jwtSecret, "PORT=0", "HOST=127.0.0.1",
		"DATA_DIR=" + filepath.Join(database.Dir, "server"), "DRAIN_SECONDS=0", "OTEL_EXPORTER_OTLP_ENDPOINT=" + address,
	}, "serve")
	if err != nil {
		return err
	}
	defer child.stop()
	if err := prepare([2]string{child.host, child.host}); err != nil {
		return err
	}
	return p.compareAll("sampled runs", func(t target) (sides [2]target) {
		t.host = child.host
		for i, flags := range []string{"00", "01"} {
			sides[i] = t
			sides[i].headers = map[string]string{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-" + flags}
		}
		return sides
	})
}

// startCollector takes traces and forgets them.
func startCollector() (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	})}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "bench: the collector:", err)
		}
	}()
	return server, "http://" + listener.Addr().String(), nil
}
