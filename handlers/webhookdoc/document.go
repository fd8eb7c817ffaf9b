package webhookdoc

import (
	"context"
	"net/http"

	"maestro/handlers/webhook"
	"maestro/internal/model"
	"maestro/repo"
)

// Document is an OpenAPI document.
type Document map[string]any

// Describe makes the document of a subtenant's active webhooks. base is the URL
// of the server, version the version of the server.
func Describe(ctx context.Context, db *repo.DB, tenant, base, version string) (Document, error) {
	d := newDescriber(tenant)
	functions := map[string]*model.Function{} // nil: no such function
	page := repo.Page{Limit: 1000}
	for {
		hooks, next, err := db.ListWebhooks(ctx, tenant, repo.WebhookFilter{ActiveOnly: true, Page: page})
		if err != nil {
			return nil, err
		}
		for i := range hooks {
			name := hooks[i].FunctionName
			function, known := functions[name]
			if !known {
				found, err := db.Function(ctx, tenant, name)
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
					mode = webhook.ModeFor(function.InputSchema)
				}
				d.add(&hooks[i], function, mode)
			}
		}
		if next == "" {
			break
		}
		page.Cursor = next
	}
	return Document{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Webhooks of " + tenant, "version": version,
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

// methodsOf are the methods under which a webhook is described.
func methodsOf(w *model.Webhook) []string {
	if w.Method != "ANY" {
		return []string{w.Method}
	}
	return []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch}
}
