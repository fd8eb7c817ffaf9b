package handlers

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/header"
	"maestro/internal/auth"
	"maestro/internal/model"
	"maestro/internal/payload"
	"maestro/internal/session"
)

// A session is a token in a cookie, for the console: scripts of a page can't read it.
// Browsers send cookies with requests of any page, so a cookie counts only with a
// header that no form can send and that CORS allows to no other page (cors.go), and
// only from a page of this server.

// fromConsole is the value of the header X-Maestro-Console.
const fromConsole = "1"

// tokenOf returns the token of a request: that of its Authorization header or,
// without one, that of its session.
func (s *Server) tokenOf(c *fiber.Ctx) (session.Session, error) {
	request := &c.Request().Header
	if authorization := request.Peek(fiber.HeaderAuthorization); len(authorization) > 0 {
		if token := auth.BearerToken(authorization); token != "" {
			return session.Session{Token: token}, nil
		}
		return session.Session{}, errNoToken()
	}
	cookie := request.Cookie(payload.SessionCookie)
	if len(cookie) == 0 || string(request.Peek(header.Console)) != fromConsole {
		return session.Session{}, errNoToken()
	}
	if err := s.sameOrigin(c); err != nil {
		return session.Session{}, err
	}
	held, open := s.opts.Sessions.Open(string(cookie), time.Now())
	if !open {
		s.dropCookie(c)
		return session.Session{}, model.NewError(model.CodeUnauthorized, "The session has ended. Sign in again.")
	}
	return held, nil
}

func errNoToken() *model.Error {
	return model.NewError(model.CodeUnauthorized, "The request has no token. Send one: Authorization: Bearer <token>.")
}

// sameOrigin refuses requests that a browser makes for a page of another origin. A
// browser says so itself in Sec-Fetch-Site, which no page can set, where the
// connection is encrypted or local; else the origin is compared. Without either only
// requests that change nothing are accepted: browsers send Origin with all others.
func (s *Server) sameOrigin(c *fiber.Ctx) error {
	site, origin := c.Get("Sec-Fetch-Site"), c.Get(fiber.HeaderOrigin)
	switch {
	case site == "same-origin":
		return nil
	case site == "" && origin == "" && (c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead):
		return nil
	case site == "" && origin != "" && s.isOwnOrigin(c, origin):
		return nil
	}
	return model.NewError(model.CodeForbidden,
		"A session counts only for requests of the console's own pages. Send a token instead; behind a proxy that changes the header Host, set PUBLIC_URL or TRUSTED_PROXIES.")
}

// isOwnOrigin compares hosts with their ports: a proxy may have ended the encryption.
func (s *Server) isOwnOrigin(c *fiber.Ctx, origin string) bool {
	sent, err := url.Parse(origin)
	if err != nil || sent.Host == "" {
		return false // "null" too
	}
	if _, host := s.addressed(c); strings.EqualFold(sent.Host, host) {
		return true
	}
	public, err := url.Parse(s.opts.PublicURL)
	return err == nil && public.Host != "" && strings.EqualFold(sent.Host, public.Host) && sent.Scheme == public.Scheme
}

// setCookie writes the cookie of a session: for the API's addresses alone, and never
// sent with a request that another site caused.
func (s *Server) setCookie(c *fiber.Ctx, value string, until time.Time) {
	scheme, _ := s.addressed(c)
	c.Cookie(&fiber.Cookie{
		Name: payload.SessionCookie, Value: value, Path: apiPrefix, MaxAge: int(time.Until(until).Seconds()),
		HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode, Secure: scheme == "https://",
	})
}

// dropCookie has the browser forget a session.
func (s *Server) dropCookie(c *fiber.Ctx) {
	scheme, _ := s.addressed(c)
	c.Cookie(&fiber.Cookie{
		Name: payload.SessionCookie, Path: apiPrefix, Expires: time.Unix(1, 0),
		HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode, Secure: scheme == "https://",
	})
}

// withoutConsole is a list of headers, as a preflight asks for, without the one that
// makes a session count.
func withoutConsole(wanted string) string {
	if !bytes.Contains(bytes.ToLower([]byte(wanted)), []byte(strings.ToLower(header.Console))) {
		return wanted
	}
	var allowed []string
	for name := range strings.SplitSeq(wanted, ",") {
		if !strings.EqualFold(strings.TrimSpace(name), header.Console) {
			allowed = append(allowed, name)
		}
	}
	return strings.Join(allowed, ",")
}
