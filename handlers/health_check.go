package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// probeTimeout limits one check of /health.
const probeTimeout = 2 * time.Second

// probeRetry is the Retry-After of a server that accepts no new calls, in
// seconds.
const probeRetry = "2"

// ErrImpaired marks the error of a vital check with which the server still
// works: the part answers, but not as expected.
var ErrImpaired = errors.New("impaired")

// The three operations below read memory or use a connection of their own, so
// that load does not make them fail.

func (s *Server) liveOp() huma.Operation {
	return huma.Operation{
		OperationID: "livez", Summary: "Whether the process answers",
		Responses: map[string]*huma.Response{"200": {Description: "It does", Content: jsonContent(schemaOf[stateView](s))}},
	}
}

func (s *Server) readyOp() huma.Operation {
	state := jsonContent(schemaOf[stateView](s))
	return huma.Operation{
		OperationID: "readyz", Summary: "Whether the server takes new calls",
		Responses: map[string]*huma.Response{
			"200": {Description: "It takes new calls", Content: state},
			"503": {Description: "It stops, or a part that calls need is away", Content: state, Headers: retryHeader()},
		},
	}
}

func (s *Server) healthOp() huma.Operation {
	health := jsonContent(schemaOf[healthView](s))
	return huma.Operation{
		OperationID: "health", Summary: "How the server and its parts are",
		Responses: map[string]*huma.Response{
			"200": {Description: "It works, perhaps degraded", Content: health},
			"503": {Description: "It can't work, or is about to end", Content: jsonContent(schemaOf[healthView](s)), Headers: retryHeader()},
		},
	}
}

func retryHeader() map[string]*huma.Header {
	return map[string]*huma.Header{"Retry-After": {Ref: headerReference + "Retry-After"}}
}

type stateView struct {
	Status string `json:"status" enum:"alive,ready,draining,unavailable"`
}

// live responds as long as the process runs.
func (s *Server) live(c *fiber.Ctx) error { return c.JSON(stateView{"alive"}) }

// ready tells a load balancer whether to send calls to this server.
func (s *Server) ready(c *fiber.Ctx) error {
	state := stateView{"ready"}
	switch {
	case s.opts.Draining():
		state.Status = "draining"
	case s.opts.Ready() != nil:
		state.Status = "unavailable"
	default:
		return c.JSON(state)
	}
	c.Set(fiber.HeaderRetryAfter, probeRetry)
	return c.Status(fiber.StatusServiceUnavailable).JSON(state)
}

type healthView struct {
	Status string               `json:"status"`
	Checks map[string]probeView `json:"checks"`
}

type probeView struct {
	Status    string  `json:"status"`
	LatencyMS float64 `json:"latency_ms"`
	// Version is that of the part, where it may differ from server to server.
	Version string `json:"version,omitempty"`
	// Counts are figures of the part at this moment.
	Counts map[string]int `json:"counts,omitempty"`
	// Details are facts about the part, by name.
	Details map[string]string `json:"details,omitempty"`
	// Remedy is how an operator changes the state.
	Remedy string `json:"remedy,omitempty"`
}

// health checks all parts at the same time. It is 503 only when the server
// can't work.
func (s *Server) health(c *fiber.Ctx) error {
	var mu sync.Mutex
	var wait sync.WaitGroup
	view := healthView{Status: "healthy", Checks: make(map[string]probeView, len(s.opts.Probes))}
	status := fiber.StatusOK
	for _, probe := range s.opts.Probes {
		wait.Go(func() {
			checked, err := s.look(probe)
			ok, impaired := err == nil, errors.Is(err, ErrImpaired)
			mu.Lock()
			defer mu.Unlock()
			view.Checks[probe.Name] = checked
			switch {
			case ok:
			case probe.Vital && !impaired:
				status, view.Status = fiber.StatusServiceUnavailable, "unhealthy"
			case view.Status == "healthy":
				view.Status = "degraded"
			}
		})
	}
	wait.Wait()
	if s.opts.Draining() {
		status, view.Status = fiber.StatusServiceUnavailable, "draining"
	}
	if status != fiber.StatusOK {
		c.Set(fiber.HeaderRetryAfter, probeRetry)
	}
	return c.Status(status).JSON(view)
}

// look checks one part. Concurrent requests share one check, so that many
// requests do not put load on the part.
func (s *Server) look(probe Probe) (probeView, error) {
	checked, err, _ := s.checks.Do(probe.Name, func() (any, error) {
		ctx, cancel := context.WithTimeout(s.opts.Context, probeTimeout)
		defer cancel()
		start := time.Now()
		err := guardedCheck(ctx, probe.Check)
		view := probeView{Status: "up", LatencyMS: float64(time.Since(start).Microseconds()) / 1000}
		if probe.Version != nil {
			view.Version = probe.Version()
		}
		if probe.Counts != nil {
			view.Counts = probe.Counts()
		}
		if probe.Details != nil {
			view.Details = probe.Details()
		}
		if probe.Remedy != nil {
			view.Remedy = probe.Remedy()
		}
		if err != nil {
			view.Status = "down"
		}
		s.noteHealth(probe.Name, err)
		return view, err
	})
	return checked.(probeView), err
}

// noteHealth logs a change of a part's state only, because checks are frequent.
func (s *Server) noteHealth(part string, err error) {
	if err == nil {
		if _, was := s.down.LoadAndDelete(part); was {
			s.opts.Log.Info("health check succeeds again", slog.String("part", part))
		}
		return
	}
	if _, was := s.down.LoadOrStore(part, true); !was {
		s.opts.Log.Warn("health check failed", slog.String("part", part), slog.Any("error", err))
	}
}

// guardedCheck turns a panic of a check, which runs in its own goroutine, into
// an error, so that it does not end the process.
func guardedCheck(ctx context.Context, check func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return check(ctx)
}
