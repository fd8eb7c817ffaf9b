package handlers

import (
	"bytes"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"maestro/handlers/header"
	"maestro/internal/idempotency"
	"maestro/internal/model"
)

// counted are the headers whose number in a request matters. The first two are the statements of
// its length; the others are refused when they are repeated, because servers and proxies
// differ in which of several values they use: they decide about the host, the
// caller, the subtenant and the repetition.
var counted = [...]string{fasthttp.HeaderContentLength, fasthttp.HeaderTransferEncoding, fasthttp.HeaderHost, fiber.HeaderAuthorization, header.SubtenantID, header.IdempotencyKey}

// The places of those that are looked at separately.
const (
	lengths = 2 // as many as come first
	host    = 2
	key     = 5
)

// refuseAmbiguous refuses headers that fasthttp accepts and proxies read in different
// ways (RFC 9112, 3.2 and 5.1), in one pass over them: a space before a colon, no Host, and a
// repetition of one that is counted. It refuses an empty key too, whose sender relies on the
// request running once. A request with two statements of its length is the last one of its connection.
func refuseAmbiguous(ctx *fasthttp.RequestCtx) error {
	request := &ctx.Request.Header
	var count [len(counted)]int
	for rest := request.RawHeaders(); len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || line[0] == ' ' || line[0] == '\t' {
			continue // the continuation of the line before, or the end
		}
		if last := line[colon-1]; last == ' ' || last == '\t' {
			return model.NewError(model.CodeBadRequest, "There is a space before the colon of the header %q. Nothing ran. Remove it.", bytes.TrimSpace(line[:colon]))
		}
		for i, name := range counted {
			if colon == len(name) && line[0]|0x20 == name[0]|0x20 && bytes.EqualFold(line[:colon], []byte(name)) {
				count[i]++
				break
			}
		}
	}
	if count[0]+count[1] > 1 {
		ctx.SetConnectionClose()
	}
	for i := lengths; i < len(counted); i++ {
		if count[i] > 1 {
			return model.NewError(model.CodeBadRequest, "The header %s is repeated. Nothing ran. Send it once.", counted[i])
		}
	}
	switch {
	case count[host] == 0 && request.IsHTTP11():
		return model.NewError(model.CodeBadRequest, "The header Host is missing. Nothing ran. HTTP/1.1 requires it.")
	case count[key] == 1 && len(request.Peek(header.IdempotencyKey)) == 0:
		return idempotency.RefuseHeader()
	}
	return nil
}
