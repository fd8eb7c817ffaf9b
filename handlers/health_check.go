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

// probeTimeout bounds one check of /health.
const probeTimeout = 2 * time.Second

// probeRetry is what a balancer is told of a server that takes no new calls, in
// seconds.
const probeRetry = "2"

// ErrImpaired marks the error of a vital check as one that the server works
// with all the same: the part answers, but not as it should.
var ErrImpaired = errors.New("impaired")

// The three operations below answer from memory, or over a connection of their
// own, so that no load makes them fail.

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

// live answers as long as the process does.
func (s *Server) live(c *fiber.Ctx) error { return c.JSON(stateView{"alive"}) }

// ready says whether a balancer should send calls here.
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
	// Counts are figures of the part at this moment.
	Counts map[string]int `json:"counts,omitempty"`
}

// health looks at all parts at once. It is 503 only when the server can't work.
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

// look checks one part. Requests that come at the same time share a check, so
// that however many ask, a part is asked once at a time.
func (s *Server) look(probe Probe) (probeView, error) {
	checked, err, _ := s.checks.Do(probe.Name, func() (any, error) {
		ctx, cancel := context.WithTimeout(s.opts.Context, probeTimeout)
		defer cancel()
		start := time.Now()
		err := guardedCheck(ctx, probe.Check)
		view := probeView{Status: "up", LatencyMS: float64(time.Since(start).Microseconds()) / 1000}
		if probe.Counts != nil {
			view.Counts = probe.Counts()
		}
		if err != nil {
			view.Status = "down"
		}
		s.noteHealth(probe.Name, err)
		return view, err
	})
	return checked.(probeView), err
}

// noteHealth writes a line when a part's state has changed: checks are asked for
// all the time.
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

// guardedCheck keeps a panic of a check, which runs in a goroutine of its own,
// from ending the process.
func guardedCheck(ctx context.Context, check func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return check(ctx)
}
