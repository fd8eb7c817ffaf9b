package handlers

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// documentWebhookCalls describes the one path that Huma does not serve. What
// it answers depends on the webhook.
func (s *Server) documentWebhookCalls() {
	item := &huma.PathItem{}
	operations := map[string]**huma.Operation{
		http.MethodGet: &item.Get, http.MethodPut: &item.Put, http.MethodPost: &item.Post, http.MethodDelete: &item.Delete,
		http.MethodOptions: &item.Options, http.MethodHead: &item.Head, http.MethodPatch: &item.Patch,
	}
	for method, operation := range operations {
		*operation = &huma.Operation{
			OperationID: "call-webhook-" + strings.ToLower(method),
			Summary:     "Call a webhook",
			Description: "Runs the function that the webhook of this method and path is bound to. The path may have several segments.",
			Tags:        []string{"Webhooks"},
			Security:    []map[string][]string{{}, {"bearer": {}}},
			Parameters: []*huma.Param{{
				Name: "path", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			}},
			Responses: map[string]*huma.Response{"default": {
				Description: "By the webhook's response_mode: the result in an envelope, the result itself, or the response that the function describes; a failure in the error envelope.",
			}},
		}
	}
	s.api.OpenAPI().Paths[webhookPrefix+"{path}"] = item
}
