package handlers

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"maestro/internal/auth"
	"maestro/internal/model"
)

func (s *Server) metricsOp() huma.Operation {
	operation := huma.Operation{
		OperationID: "metrics", Summary: "Metrics for Prometheus",
		Description: "In the text format of Prometheus, or in OpenMetrics. If `METRICS_TOKEN` is set, the request requires it: `Authorization: Bearer <METRICS_TOKEN>`.",
		Responses:   answers("The metrics", fiber.MIMETextPlain, nil),
	}
	return operation
}

// metrics serves the metrics to callers with the right token.
func (s *Server) metrics() fiber.Handler {
	if s.opts.Metrics == nil {
		return nil
	}
	serve := adaptor.HTTPHandler(s.opts.Metrics)
	want := sha256.Sum256([]byte(s.opts.MetricsToken)) // equal lengths, so that the comparison tells nothing
	return func(c *fiber.Ctx) error {
		given := sha256.Sum256([]byte(auth.BearerToken(c.Request().Header.Peek(fiber.HeaderAuthorization))))
		if s.opts.MetricsToken != "" && subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
			return model.NewError(model.CodeUnauthorized, "The metrics require a token. Send the server's METRICS_TOKEN: Authorization: Bearer <token>.")
		}
		return serve(c)
	}
}
