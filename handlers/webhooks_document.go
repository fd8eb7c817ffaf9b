package handlers

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/repo"
)

const mediaYAML = "application/yaml"

func webhooksOp(id, media string) huma.Operation {
	return huma.Operation{
		OperationID: id, Summary: "The subtenant's webhooks as an OpenAPI document",
		Description: "Active webhooks whose function is there, with the schemas of the functions.",
		Responses:   answers("OpenAPI 3.1", media, &huma.Schema{Type: huma.TypeObject}),
	}
}

func (s *Server) webhooksInJSON(c *fiber.Ctx) error {
	return s.webhooksDocument(c, fiber.MIMEApplicationJSON)
}

func (s *Server) webhooksInYAML(c *fiber.Ctx) error { return s.webhooksDocument(c, mediaYAML) }

func (s *Server) webhooksDocument(c *fiber.Ctx, media string) error {
	call := s.callOf(c)
	base := s.baseURL(c)
	document, err := s.describeWebhooks(c.UserContext(), call.tenant, base)
	if err != nil {
		return err
	}
	text, err := json.Marshal(document)
	if err == nil && media == mediaYAML {
		text, err = yamlOf(text)
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(text)
}

// describeWebhooks makes the document. base is how clients reach the server.
func (s *Server) describeWebhooks(ctx context.Context, tenant, base string) (map[string]any, error) {
	d := newWebhookDescriber(tenant)
	functions := map[string]*model.Function{} // nil: there is none of that name
	page := repo.Page{Limit: 1000}
	for {
		hooks, next, err := s.opts.DB.ListWebhooks(ctx, tenant, repo.WebhookFilter{ActiveOnly: true, Page: page})
		if err != nil {
			return nil, err
		}
		for i := range hooks {
			name := hooks[i].FunctionName
			function, known := functions[name]
			if !known {
				found, err := s.opts.DB.Function(ctx, tenant, name)
				switch {
				case err == nil:
					function = &found
				case model.CodeOf(err) != model.CodeFunctionNotFound:
					return nil, err
				}
				functions[name] = function
			}
			if function != nil {
				mode := hooks[i].InputMode
				if mode == model.InputAuto {
					mode = modeFor(function.InputSchema)
				}
				d.add(&hooks[i], function, mode)
			}
		}
		if next == "" {
			break
		}
		page.Cursor = next
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Webhooks of " + tenant, "version": s.opts.Version,
			"description": "The addresses of the subtenant " + tenant + " and the functions that they run.",
		},
		"servers": []any{map[string]any{"url": base}},
		"paths":   d.paths,
		"components": map[string]any{
			"schemas": d.schemas,
			"securitySchemes": map[string]any{
				"bearer": map[string]any{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
			},
		},
	}, nil
}

// methodsOf are those under which a webhook is described.
func methodsOf(w *model.Webhook) []string {
	if w.Method != "ANY" {
		return []string{w.Method}
	}
	return []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch}
}
