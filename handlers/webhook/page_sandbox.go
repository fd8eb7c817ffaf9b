package webhook

import (
	"bytes"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// The console and webhooks have one origin. A page that a function answers with could
// act as the console of its reader, with all the rights of that reader: so it gets an
// origin of its own. Its scripts, forms and links work; cookies, storage and the
// answers to its own requests are those of a page of another site.
const sandboxPolicy = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-scripts allow-top-navigation-by-user-activation"

// inert are the media types that browsers run nothing of. Of all others some browser
// might.
var inert = [][]byte{
	[]byte(fiber.MIMEApplicationJSON), []byte("text/plain"), []byte("text/event-stream"), []byte(fiber.MIMEOctetStream), []byte("text/csv"),
	[]byte("application/problem+json"), []byte("application/x-ndjson"),
}

// sandbox adds the policy to an answer that may be a page. It is added to those of the
// function, and browsers keep to all.
func (h *Handler) sandbox(c *fiber.Ctx) {
	if h.OpenPages {
		return
	}
	media, _, _ := bytes.Cut(c.Response().Header.ContentType(), []byte(";"))
	if !slices.ContainsFunc(inert, func(known []byte) bool { return bytes.EqualFold(known, bytes.TrimSpace(media)) }) {
		c.Response().Header.Add(fiber.HeaderContentSecurityPolicy, sandboxPolicy)
	}
}
