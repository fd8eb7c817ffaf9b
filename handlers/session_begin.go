package handlers

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/auth"
	"maestro/internal/model"
	"maestro/internal/session"
)

const sessionPath = apiPrefix + "/session"

type sessionInput struct {
	Console string       `header:"X-Maestro-Console" doc:"1: without it no session begins"`
	Body    *sessionBody // may be left out
}

type sessionBody struct {
	Token string `json:"token" minLength:"1" maxLength:"2800" doc:"Instead of the Authorization header"`
}

var beginSessionOp = huma.Operation{
	OperationID: "begin-session", Summary: "Sign in: keep a token in a cookie", DefaultStatus: http.StatusNoContent,
	Description: "The cookie `maestro_session` authenticates requests that have the header `X-Maestro-Console: 1` and come from a page of this server " +
		"(`Sec-Fetch-Site` or `Origin`), until the token ends and for 12 hours at most. It never counts at webhooks. Without a token the caller is signed in as " +
		"the administrator of development mode, by a server in that mode that listens on loopback, from the same machine and by a loopback name.",
}

// beginSession keeps a valid token in a cookie.
func (s *Server) beginSession(ctx context.Context, in *sessionInput) (*struct{}, error) {
	call := callFrom(ctx)
	if call.token == "" && in.Body == nil && !s.signsIn(call.c) {
		return nil, errNoToken()
	}
	if in.Console != fromConsole {
		return nil, model.NewError(model.CodeForbidden, "No session begins without the header X-Maestro-Console: 1. Send it.")
	}
	if err := s.sameOrigin(call.c); err != nil && len(call.c.Request().Header.Peek(fiber.HeaderAuthorization)) == 0 {
		return nil, err
	}
	token := call.token
	switch {
	case token != "" && in.Body != nil:
		return nil, invalidAt("/token", "comes with a second one in the Authorization header; send one of them")
	case in.Body != nil:
		token = in.Body.Token
	case token == "":
		own, err := s.tokenOfVisitor(call.c)
		if err != nil {
			return nil, err
		}
		token = own
	}
	if len(token) > session.MaxToken {
		return nil, invalidAt("/token", "is longer than %d bytes, and does not fit into a cookie; send it with each request instead", session.MaxToken)
	}
	if call.principal == nil {
		if _, err := s.opts.Auth.Authenticate(ctx, token); err != nil {
			return nil, err
		}
	}
	begun := session.Begin(token, time.Now(), auth.ExpiryOf(token))
	s.setCookie(call.c, s.opts.Sessions.Seal(begun), begun.Until)
	return nil, nil
}

// tokenOfVisitor is the token for a caller without one, where this server signs in by
// itself.
func (s *Server) tokenOfVisitor(c *fiber.Ctx) (string, error) {
	remote, _ := c.Context().RemoteAddr().(*net.TCPAddr)
	local, _ := c.Context().LocalAddr().(*net.TCPAddr)
	if !s.signsIn(c) || remote == nil || local == nil {
		return "", errNoToken()
	}
	token, err := s.opts.SignIn(remote.AddrPort(), local.AddrPort())
	if err != nil {
		return "", &model.Error{Code: model.CodeForbidden, Cause: err,
			Detail: "This server signs in browsers that the user of this machine has started, and can't tell that this is one. Send a token: maestro token --admin prints one."}
	}
	return token, nil
}

// forwarded are headers by which proxies tell that a request is another machine's.
var forwarded = []string{"Forwarded", "Via", "X-Real-Ip", fiber.HeaderXForwardedFor, headerForwardedHost}

// signsIn reports whether a caller without a token would be signed in: only from this
// machine, by no proxy, and under a name that is always this machine's. A name of
// another site may lead here as well (DNS rebinding).
func (s *Server) signsIn(c *fiber.Ctx) bool {
	if s.opts.SignIn == nil || !peer(c).IsLoopback() || !isLoopbackName(string(hostAsked(c))) {
		return false
	}
	for _, name := range forwarded {
		if len(c.Request().Header.Peek(name)) > 0 {
			return false
		}
	}
	return true
}

// isLoopbackName reports whether the host of a URL is the machine that opens the URL.
func isLoopbackName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return address.IsLoopback()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

var endSessionOp = huma.Operation{
	OperationID: "end-session", Summary: "Sign out", DefaultStatus: http.StatusNoContent,
	Description: "The browser forgets the cookie. The token in it stays valid until it ends.",
}

func (s *Server) endSession(ctx context.Context, _ *struct{}) (*struct{}, error) {
	call := callFrom(ctx)
	if call.principal == nil {
		return nil, errNoToken()
	}
	s.dropCookie(call.c)
	return nil, nil
}

type sessionOutput struct {
	Body struct {
		SignedIn    bool      `json:"signed_in"`
		Email       *string   `json:"email" doc:"Null: not signed in"`
		Admin       bool      `json:"admin"`
		SubtenantID *string   `json:"subtenant_id" doc:"The subtenant that requests are about; null: name one in X-Subtenant-ID"`
		Subtenants  []string  `json:"subtenants" nullable:"false" doc:"Those of the caller. An administrator has access to all"`
		EndsAt      timestamp `json:"ends_at" nullable:"true" doc:"Of the session; null for a token that names no end"`
		SignsIn     bool      `json:"signs_in_by_itself" doc:"POST /session needs no token here"`
		Version     string    `json:"server_version"`
	}
}

var showSessionOp = huma.Operation{
	OperationID: "show-session", Summary: "Show the signed-in caller",
	Description: "By a session, or by a token. Without either the answer says so, and whether this server signs in by itself.",
}

func (s *Server) showSession(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
	call, out := callFrom(ctx), &sessionOutput{}
	out.Body.SignsIn, out.Body.Subtenants = s.signsIn(call.c), []string{}
	who := call.principal
	if who == nil {
		return out, nil
	}
	if tenant, err := who.Choose(string(call.c.Request().Header.Peek(header.SubtenantID))); err == nil {
		out.Body.SubtenantID = &tenant
	}
	out.Body.SignedIn, out.Body.Email, out.Body.Admin, out.Body.Subtenants = true, &who.Email, who.Admin, orEmpty(who.Tenants)
	out.Body.EndsAt, out.Body.Version = timestamp(call.until), s.opts.Version
	if call.until.IsZero() {
		out.Body.EndsAt = timestamp(auth.ExpiryOf(call.token))
	}
	return out, nil
}
