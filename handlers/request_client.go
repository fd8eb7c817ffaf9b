package handlers

import (
	"bytes"
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// headerForwardedHost is not among Fiber's names.
const headerForwardedHost = "X-Forwarded-Host"

// peer is the remote address of the connection.
func peer(c *fiber.Ctx) netip.Addr {
	tcp, ok := c.Context().RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	address, _ := netip.AddrFromSlice(tcp.IP)
	return address.Unmap()
}

// trusts reports whether an address belongs to a trusted proxy.
func (s *Server) trusts(address netip.Addr) bool {
	for _, network := range s.opts.TrustedProxies {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// clientAddress is the address of the client: the peer or, if that is a trusted
// proxy, the last address in X-Forwarded-For that is not a trusted proxy. The
// entries before it may be forged.
func (s *Server) clientAddress(c *fiber.Ctx) netip.Addr {
	client := peer(c)
	if len(s.opts.TrustedProxies) == 0 || !s.trusts(client) {
		return client
	}
	lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	hops := bytes.Split(bytes.Join(lines, []byte(",")), []byte(","))
	for i := len(hops) - 1; i >= 0 && s.trusts(client); i-- {
		hop, ok := hopAddress(string(bytes.TrimSpace(hops[i])))
		if !ok {
			break
		}
		client = hop
	}
	return client
}

// hopAddress parses an entry of X-Forwarded-For; some proxies add the port.
func hopAddress(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return address.Unmap(), true
	}
	pair, err := netip.ParseAddrPort(text)
	return pair.Addr().Unmap(), err == nil
}

// baseURL is the URL by which the client reached the server: PUBLIC_URL, that of
// a trusted proxy, or that of the request. It ends without a slash.
func (s *Server) baseURL(c *fiber.Ctx) string {
	if s.opts.PublicURL != "" {
		return strings.TrimSuffix(s.opts.PublicURL, "/")
	}
	scheme, host := s.addressed(c)
	return scheme + host
}

// addressed is the scheme and host that the client used, as the request or a trusted
// proxy says.
func (s *Server) addressed(c *fiber.Ctx) (scheme, host string) {
	scheme, host = "http://", string(hostAsked(c))
	if c.Context().IsTLS() {
		scheme = "https://"
	}
	if len(s.opts.TrustedProxies) == 0 || !s.trusts(peer(c)) {
		return scheme, host
	}
	switch strings.ToLower(nearest(c, fiber.HeaderXForwardedProto)) {
	case "https":
		scheme = "https://"
	case "http":
		scheme = "http://"
	}
	if forwarded := nearest(c, headerForwardedHost); forwarded != "" && !strings.ContainsAny(forwarded, "/\\?#@ \"<>") {
		host = forwarded
	}
	return scheme, host
}

// nearest is the last value of a header, set by the proxy next to the server.
func nearest(c *fiber.Ctx, name string) string {
	lines := c.Request().Header.PeekAll(name)
	if len(lines) == 0 {
		return ""
	}
	last := lines[len(lines)-1]
	return string(bytes.TrimSpace(last[bytes.LastIndexByte(last, ',')+1:]))
}
