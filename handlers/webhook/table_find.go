package webhook

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/payload"
)

// methodAny is the http_method of a webhook that accepts every method.
const methodAny = "ANY"

// routeNode is one segment of the tree of paths.
type routeNode struct {
	literal   map[string]*routeNode
	parameter *routeNode
	routes    []*route // ending here, one per method
}

func newRoute(w model.Webhook) *route {
	r := &route{webhook: w, defaults: payload.NewDefaults(w.DefaultValues), signer: newSigner(w.Signature)}
	for segment := range strings.SplitSeq(w.Path, "/") {
		if name, ok := Parameter(segment); ok {
			r.parameters = append(r.parameters, name)
		}
	}
	return r
}

// insert adds a route. An earlier route of the same method and path, of another
// subtenant, stays.
func (n *routeNode) insert(r *route) {
	for segment := range strings.SplitSeq(r.webhook.Path, "/") {
		if _, ok := Parameter(segment); ok {
			if n.parameter == nil {
				n.parameter = &routeNode{}
			}
			n = n.parameter
			continue
		}
		next := n.literal[segment]
		if next == nil {
			next = &routeNode{}
			if n.literal == nil {
				n.literal = make(map[string]*routeNode)
			}
			n.literal[segment] = next
		}
		n = next
	}
	if n.byMethod(r.webhook.Method) == nil {
		n.routes = append(n.routes, r)
	}
}

func (n *routeNode) byMethod(method string) *route {
	for _, r := range n.routes {
		if r.webhook.Method == method {
			return r
		}
	}
	return nil
}

// match is the result of find: a route with the values of its parameters, or the
// methods of the path.
type match struct {
	route  *route
	values [][]byte // as long as the route's parameters
	allow  []string // without duplicates; set when the path has routes of other methods only
}

func (m *match) allows(method string) {
	if !slices.Contains(m.allow, method) {
		m.allow = append(m.allow, method)
	}
}

// find finds the route of a method and a path: literal segments take precedence
// over parameters, from left to right, then the exact method over ANY. segments
// are the decoded segments of the path.
func (n *routeNode) find(segments [][]byte, method string, m *match) bool {
	if n == nil {
		return false
	}
	if len(segments) == 0 {
		return n.end(method, m)
	}
	if next := n.literal[string(segments[0])]; next != nil && next.find(segments[1:], method, m) {
		return true
	}
	if n.parameter == nil || len(segments[0]) == 0 {
		return false
	}
	depth := len(m.values)
	m.values = append(m.values, segments[0])
	if n.parameter.find(segments[1:], method, m) {
		return true
	}
	m.values = m.values[:depth]
	return false
}

// end finds the route of a method. HEAD uses the route of GET unless there is one
// for HEAD.
func (n *routeNode) end(method string, m *match) bool {
	m.route = n.byMethod(method)
	if m.route == nil && method == fiber.MethodHead {
		m.route = n.byMethod(fiber.MethodGet)
	}
	if m.route == nil {
		m.route = n.byMethod(methodAny)
	}
	if m.route != nil {
		return true
	}
	for _, r := range n.routes {
		m.allows(r.webhook.Method)
		if r.webhook.Method == fiber.MethodGet {
			m.allows(fiber.MethodHead)
		}
	}
	return false
}

// splitPath splits the path of a request, without its leading slash, into decoded
// segments; a trailing slash is ignored.
func splitPath(into [][]byte, path []byte) [][]byte {
	path = bytes.TrimSuffix(path, []byte("/"))
	if len(path) == 0 {
		return into
	}
	for segment := range bytes.SplitSeq(path, []byte("/")) {
		if bytes.IndexByte(segment, '%') >= 0 {
			segment = payload.Unescaped(segment)
		}
		into = append(into, segment)
	}
	return into
}
