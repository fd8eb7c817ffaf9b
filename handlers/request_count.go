package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

// requestCounts are what counts the requests of each route.
type requestCounts struct {
	routes map[*fiber.Route]counting
	others map[string]counting // of other requests, by method
}

// counting counts a request at its end.
type counting func(status int, took time.Duration)

// otherRoute stands for addresses without a route, and for requests that were
// refused before their route was found.
const otherRoute = "other"

// routeCount is how many routes there are of each method.
func (s *Server) routeCount() []int {
	stack := s.app.Stack()
	counts := make([]int, len(stack))
	for i, routes := range stack {
		counts[i] = len(routes)
	}
	return counts
}

// noteRoutes makes what counts the requests of the routes that were registered
// since there were known ones. template is their address in the route table.
func (s *Server) noteRoutes(known []int, template string) {
	if s.opts.Count == nil {
		return
	}
	for i, routes := range s.app.Stack() {
		for _, route := range routes[known[i]:] {
			s.counts.routes[route] = s.opts.Count(route.Method, template)
		}
	}
}

// newRequestCounts has nothing to count yet but requests without a route.
func (s *Server) newRequestCounts() requestCounts {
	counts := requestCounts{routes: map[*fiber.Route]counting{}, others: map[string]counting{}}
	if s.opts.Count != nil {
		for _, method := range append([]string{otherRoute}, methods...) {
			counts.others[method] = s.opts.Count(method, otherRoute)
		}
	}
	return counts
}

// count counts a request at its end.
func (s *Server) count(c *fiber.Ctx, took time.Duration) {
	if s.opts.Count == nil {
		return
	}
	status := c.Response().StatusCode()
	if count := s.counts.routes[c.Route()]; count != nil {
		count(status, took)
	} else if count := s.counts.others[c.Method()]; count != nil {
		count(status, took)
	} else {
		s.counts.others[otherRoute](status, took)
	}
}

// settle counts a request at its end, and logs it.
func (s *Server) settle(c *fiber.Ctx, call *call, start time.Time) {
	took := time.Since(start)
	s.count(c, took)
	s.logAccess(c, call, start, took)
}
