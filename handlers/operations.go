package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/web"
)

// probeTimeout bounds one check of /health.
const probeTimeout = 2 * time.Second

// addOperations registers what is not about a subtenant and needs no token.
func (s *Server) addOperations() {
	tags := []string{"Operations"}
	s.plain(huma.Operation{
		OperationID: "health", Path: "/health", Tags: tags, Security: anyone, Summary: "How the server and its parts are",
		Responses: map[string]*huma.Response{
			"200": {Description: "It works, perhaps degraded", Content: jsonContent(schemaOf[healthView](s))},
			"503": {
				Description: "It can't work, or is about to end", Content: jsonContent(schemaOf[healthView](s)),
				Headers: map[string]*huma.Header{"Retry-After": {Ref: headerReference + "Retry-After"}},
			},
		},
	}, s.health)
	s.plain(huma.Operation{
		OperationID: "ready", Path: "/readyz", Tags: tags, Security: anyone, Summary: "Whether the server takes new calls",
		Responses: map[string]*huma.Response{
			"200": {Description: "It does", Content: jsonContent(schemaOf[readyView](s))},
			"503": {
				Description: "It is about to end", Content: jsonContent(schemaOf[readyView](s)),
				Headers: map[string]*huma.Header{"Retry-After": {Ref: headerReference + "Retry-After"}},
			},
		},
	}, s.ready)
	s.plain(huma.Operation{
		OperationID: "openapi", Path: "/openapi.json", Tags: tags, Security: anyone, Summary: "This document",
		Responses: answers("OpenAPI 3.1", fiber.MIMEApplicationJSON, &huma.Schema{Type: huma.TypeObject}),
	}, s.openAPI())
	s.plain(huma.Operation{
		OperationID: "metrics", Path: "/metrics", Tags: tags, Security: anyone, Summary: "Not built yet", Responses: map[string]*huma.Response{},
	}, notBuiltYet)
}

func jsonContent(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{fiber.MIMEApplicationJSON: {Schema: schema}}
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

type readyView struct {
	Status string `json:"status" enum:"ready,draining"`
}

// ready tells balancers whether to send calls here.
func (s *Server) ready(c *fiber.Ctx) error {
	if s.opts.Draining() {
		c.Set(fiber.HeaderRetryAfter, "2")
		return c.Status(fiber.StatusServiceUnavailable).JSON(readyView{Status: "draining"})
	}
	return c.JSON(readyView{Status: "ready"})
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
	if probe.Counts != nil {
		view.Counts = probe.Counts()
	}
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
	document := sync.OnceValues(func() (web.File, error) {
		text, err := json.Marshal(s.api.OpenAPI())
		return web.NewFile(text, fiber.MIMEApplicationJSON), err
	})
	return func(c *fiber.Ctx) error {
		file, err := document()
		if err != nil {
			return err
		}
		return sendFile(c, file)
	}
}

func notBuiltYet(*fiber.Ctx) error {
	return model.NewError(model.CodeNotImplemented, "This is not built yet.")
}
