package handlers

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// group is a chapter of the route table, and a tag of the OpenAPI document.
type group struct {
	tag, description string
	endpoints        map[string]endpoint // by method and path
}

// endpoint is a row of the route table.
type endpoint struct {
	caller  access
	handler handler
}

// access is who may call a route.
type access int

const (
	public  access = iota // every caller; a token is not read
	sender                // as the webhook says: with a token, a signature, or neither
	visitor               // with a valid token of any subtenant, a session, or neither
	user                  // a user of the subtenant that the request is about, by token
	admin                 // an administrator, by token
)

// The addresses that require a token, also where there is no route, so that a
// caller without one does not learn which routes exist.
const (
	apiPrefix       = "/api/v1"
	adminPrefix     = "/api/v1/subtenants"
	queuesPrefix    = "/api/v1/queue/subtenants"
	memoryPrefix    = "/api/v1/interpreters"
	schedulerPrefix = "/scheduler"
)

// addRoutes registers the route table. Routes without a token come before the
// middleware that requires one.
func (s *Server) addRoutes() {
	groups := s.routes()
	for _, g := range groups {
		document := s.api.OpenAPI()
		document.Tags = append(document.Tags, &huma.Tag{Name: g.tag, Description: g.description})
	}
	s.addGroups(groups, public, sender)
	s.app.Use(sessionPath, s.visit, s.readBody)
	s.addGroups(groups, visitor)
	s.app.Use(adminPrefix, s.authenticateAdmin)
	s.app.Use(queuesPrefix, s.authenticateAdmin)
	s.app.Use(memoryPrefix, s.authenticateAdmin)
	s.app.Use(apiPrefix, s.authenticate)
	s.app.Use(schedulerPrefix, s.authenticate)
	s.app.Use(apiPrefix, s.readBody)
	s.app.Use(schedulerPrefix, s.readBody)
	s.addGroups(groups, user, admin)
}

// addGroups registers the routes of some callers.
func (s *Server) addGroups(groups []group, callers ...access) {
	for _, g := range groups {
		for _, address := range slices.Sorted(maps.Keys(g.endpoints)) {
			e := g.endpoints[address]
			if !slices.Contains(callers, e.caller) || e.handler.absent {
				continue
			}
			operation := e.handler.operation
			operation.Method, operation.Path, _ = strings.Cut(address, " ")
			operation.Tags = []string{g.tag}
			if e.caller == public {
				operation.Security = noToken
			}
			known := s.routeCount()
			if e.handler.first != nil {
				s.app.Add(operation.Method, operation.Path, e.handler.first)
			}
			e.handler.add(s, operation)
			s.noteRoutes(known, operation.Path)
		}
	}
}

// noToken is the security of operations without a token.
var noToken = []map[string][]string{{}}

// handler is a handler with its description, before it is registered.
type handler struct {
	operation huma.Operation
	add       func(*Server, huma.Operation)
	first     fiber.Handler // called before it; nil: none
	absent    bool          // this server does not serve it
}

// behind has first called before the handler.
func (h handler) behind(first fiber.Handler) handler {
	h.first = first
	return h
}

// when leaves the route out unless served is true.
func (h handler) when(served bool) handler {
	h.absent = !served
	return h
}

// rest is a handler for Huma, which checks requests against the types of the
// handler and describes them in the OpenAPI document.
func rest[I, O any](handle func(context.Context, *I) (*O, error), operation huma.Operation) handler {
	operation.MaxBodyBytes = -1 // readBody has bounded it
	return handler{operation: operation, add: func(s *Server, operation huma.Operation) {
		huma.Register(s.api, operation, handle)
	}}
}

// raw is a handler for Fiber alone; its operation describes all of it.
func raw(handle fiber.Handler, operation huma.Operation) handler {
	return handler{operation: operation, add: func(s *Server, operation huma.Operation) {
		s.addRaw(operation, func(c *fiber.Ctx) error {
			if err := checkInput(c, &operation); err != nil {
				return err
			}
			return handle(c)
		})
	}}
}

// browsed is raw for pages, which read no parameters: links to them carry others' marks,
// such as utm_source.
func browsed(handle fiber.Handler, operation huma.Operation) handler {
	return handler{operation: operation, add: func(s *Server, operation huma.Operation) {
		s.addRaw(operation, func(c *fiber.Ctx) error {
			if problems := unwantedBody(c, &operation); problems != nil {
				return invalid(problems...)
			}
			return handle(c)
		})
	}}
}

func (s *Server) addRaw(operation huma.Operation, handle fiber.Handler) {
	headToo{s.app}.Add(operation.Method, fiberPath(operation.Path), handle)
	s.api.OpenAPI().AddOperation(&operation)
}

// anyMethod is a handler for Fiber that takes every method, and every path with
// the prefix of its route. OpenAPI can describe some of the methods only.
func anyMethod(handle fiber.Handler, describe func(method string) huma.Operation) handler {
	return handler{add: func(s *Server, operation huma.Operation) {
		prefix, _, _ := strings.Cut(operation.Path, "{")
		s.app.All(prefix+"*", handle)
		for _, method := range []string{
			http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodOptions, http.MethodHead, http.MethodPatch,
		} {
			described := describe(method)
			described.Method, described.Path, described.Tags = method, operation.Path, operation.Tags
			s.api.OpenAPI().AddOperation(&described)
		}
	}}
}

// fiberPath writes a path as Fiber does: {name} is :name.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// headToo registers HEAD with each GET.
type headToo struct{ fiber.Router }

func (r headToo) Add(method, path string, handlers ...fiber.Handler) fiber.Router {
	if method == fiber.MethodGet {
		r.Router.Add(fiber.MethodHead, path, handlers...)
	}
	return r.Router.Add(method, path, handlers...)
}
