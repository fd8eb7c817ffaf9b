package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

// probeTimeout bounds one check of /health.
const probeTimeout = 2 * time.Second

// addOperations registers what is not about a subtenant and needs no token.
func (s *Server) addOperations() {
	get := func(path string, handler fiber.Handler) { headToo{s.app}.Add(fiber.MethodGet, path, handler) }
	get("/health", s.health)
	get("/openapi.json", s.openAPI())
	get("/metrics", notBuiltYet)
}

type healthView struct {
	Status string               `json:"status"`
	Checks map[string]probeView `json:"checks"`
}

type probeView struct {
	Status    string  `json:"status"`
	LatencyMS float64 `json:"latency_ms"`
}

// health looks at all parts at once. It is 503 only when the server can't work.
func (s *Server) health(c *fiber.Ctx) error {
	var mu sync.Mutex
	var wait sync.WaitGroup
	view := healthView{Status: "healthy", Checks: make(map[string]probeView, len(s.opts.Probes))}
	status := fiber.StatusOK
	for _, probe := range s.opts.Probes {
		wait.Go(func() {
			checked, ok := s.look(probe)
			mu.Lock()
			defer mu.Unlock()
			view.Checks[probe.Name] = checked
			switch {
			case ok:
			case probe.Vital:
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
		c.Set(fiber.HeaderRetryAfter, "2")
	}
	return c.Status(status).JSON(view)
}

func (s *Server) look(probe Probe) (probeView, bool) {
	ctx, cancel := context.WithTimeout(s.opts.Context, probeTimeout)
	defer cancel()
	start := time.Now()
	err := guardedCheck(ctx, probe.Check)
	view := probeView{Status: "up", LatencyMS: float64(time.Since(start).Microseconds()) / 1000}
	if err != nil {
		view.Status = "down"
		s.opts.Log.Warn("health check failed", slog.String("part", probe.Name), slog.Any("error", err))
	}
	return view, err == nil
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

// openAPI serves the document; it is written once, at the first request.
func (s *Server) openAPI() fiber.Handler {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.api.OpenAPI()) })
	return func(c *fiber.Ctx) error {
		text, err := document()
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(text)
	}
}

// addNotImplemented answers for the parts of the contract that are still to
// come, after authentication like the real ones.
func (s *Server) addNotImplemented() {
	for _, path := range []string{
		"/api/v1/packages", "/api/v1/packages/*",
		"/api/v1/secrets", "/api/v1/secrets/*", "/api/v1/schedules", "/api/v1/schedules/*",
		"/api/v1/scheduler/status", "/scheduler/status", "/api/v1/openapi/webhooks",
		"/api/v1/openapi/webhooks.json", "/api/v1/openapi/webhooks.yaml",
		"/api/v1/executions/:id/retry", "/api/v1/executions/retry",
	} {
		s.app.All(path, notBuiltYet)
	}
}

func notBuiltYet(*fiber.Ctx) error {
	return model.NewError(model.CodeNotImplemented, "This is not built yet.")
}
