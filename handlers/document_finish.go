package handlers

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"maestro/handlers/header"
	"maestro/handlers/webhook"
	"maestro/internal/schema"
)

const documentText = `Python functions that are stored here, call each other by their plain names, and run when a webhook, a schedule or a client says so. Every run is recorded with its steps.

All calls but ` + "`/health`, `/metrics`" + `, the documents and public webhooks need ` + "`Authorization: Bearer <token>`" + `. ` + "`maestro token`" + ` prints one.

Every error has the same form, ` + "`application/problem+json`" + `, and a stable ` + "`code`" + `. Lists answer with an array; ` + "`X-Next-Cursor`" + ` and ` + "`Link`" + ` carry the next page.`

// finishDocument adds the parts of the OpenAPI document that no single route
// provides.
func (s *Server) finishDocument() {
	document := s.api.OpenAPI()
	document.Info.Description = documentText
	document.Info.License = &huma.License{Name: "MIT", Identifier: "MIT"}
	components := document.Components
	components.Headers = map[string]*huma.Header{
		header.RequestID:   {Description: "Of this request; taken over from the request when it is sane", Schema: &huma.Schema{Type: huma.TypeString}},
		header.ExecutionID: {Description: "Of the execution that was recorded", Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}},
		"Retry-After":      {Description: "Seconds", Schema: &huma.Schema{Type: huma.TypeInteger}},
		"WWW-Authenticate": {Description: "How to authenticate", Schema: &huma.Schema{Type: huma.TypeString}, Example: "Bearer"},
	}
	components.Parameters = map[string]*huma.Param{
		header.SubtenantID: {
			Name: header.SubtenantID, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "Chooses among the caller's subtenants; needed only when there are several",
		},
	}
	s.documentLimits()
	nullIsListed(components.Schemas.Map())
	components.Examples, components.Responses = map[string]*huma.Example{}, map[string]*huma.Response{}
	documentAccepted(document.Paths[executionsPath].Post)
	for path, item := range document.Paths {
		if path == webhook.Prefix+"{path}" {
			continue
		}
		for _, operation := range operationsOf(item) {
			s.finishOperation(operation)
		}
	}
}

func (s *Server) finishOperation(operation *huma.Operation) {
	delete(operation.Responses, "default")
	if body := operation.RequestBody; body != nil && body.Description == "" {
		body.Description = fmt.Sprintf("At most %d bytes of JSON, with at most %d arrays and objects within each other.", s.opts.MaxBodyBytes, schema.MaxDepth)
	}
	s.documentErrors(operation)
	addExamples(operation)
	for _, response := range operation.Responses {
		if response.Ref != "" {
			continue
		}
		if response.Headers == nil {
			response.Headers = map[string]*huma.Header{}
		}
		response.Headers[header.RequestID] = &huma.Header{Ref: headerReference + header.RequestID}
	}
	if operation.Security == nil && !slices.Contains(operation.Tags, "Subtenants") {
		operation.Parameters = append(operation.Parameters, &huma.Param{Ref: "#/components/parameters/" + header.SubtenantID})
	}
}

// operationsOf lists the operations of one path.
func operationsOf(item *huma.PathItem) map[string]*huma.Operation {
	operations := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post, http.MethodDelete: item.Delete,
		http.MethodPatch: item.Patch, http.MethodOptions: item.Options, http.MethodHead: item.Head, http.MethodTrace: item.Trace,
	}
	for method, operation := range operations {
		if operation == nil {
			delete(operations, method)
		}
	}
	return operations
}

// schemaName is the name of a type in the document, without the endings of its
// Go name.
func schemaName(name string) string {
	switch name {
	case "Envelope":
		return "Problem"
	case "EnvelopeItem":
		return "ProblemItem"
	}
	for _, ending := range []string{"View", "InputBody", "OutputBody"} {
		if len(name) > len(ending) && name[len(name)-len(ending):] == ending {
			return name[:len(name)-len(ending)]
		}
	}
	return name
}
