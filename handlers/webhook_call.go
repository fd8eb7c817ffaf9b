package handlers

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// callWebhookOp describes the calls of webhooks by one method. The response
// depends on the webhook.
func callWebhookOp(method string) huma.Operation {
	return huma.Operation{
		OperationID: "call-webhook-" + strings.ToLower(method),
		Summary:     "Call a webhook",
		Description: "Runs the function that the webhook of this method and path is bound to. The path may have several segments.",
		Security:    []map[string][]string{{}, {"bearer": {}}},
		Parameters: []*huma.Param{{
			Name: "path", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
		}},
		Responses: map[string]*huma.Response{"default": {
			Description: "By the webhook's response_mode: the result in an envelope, the result itself, or the response that the function describes; a failure in the error envelope. The items of a generator function are sent while it runs: text and bytes as they are, other values as server-sent events.",
		}},
	}
}

// callWebhook passes the calls of webhooks to package webhook.
func (s *Server) callWebhook(c *fiber.Ctx) error { return s.webhooks.Call(c, s.callOf(c)) }
