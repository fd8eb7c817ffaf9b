package handlers

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"maestro/internal/model"
)

// refuseAmbiguous refuses headers that fasthttp accepts and proxies read in different
// ways (RFC 9112, 3.2 and 5.1): a space before a colon, no Host or more than one.
// A request with two statements of its length is the last one of its connection.
func refuseAmbiguous(ctx *fasthttp.RequestCtx) error {
	request := &ctx.Request.Header
	hosts := 0
	lengths := 0
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
		switch {
		case colon == len(fasthttp.HeaderHost) && line[0]|0x20 == 'h' && bytes.EqualFold(line[:colon], []byte(fasthttp.HeaderHost)):
			hosts++
		case colon == len(fasthttp.HeaderContentLength) && line[0]|0x20 == 'c' && bytes.EqualFold(line[:colon], []byte(fasthttp.HeaderContentLength)),
			colon == len(fasthttp.HeaderTransferEncoding) && line[0]|0x20 == 't' && bytes.EqualFold(line[:colon], []byte(fasthttp.HeaderTransferEncoding)):
			lengths++
		}
	}
	if hosts > 1 {
		return model.NewError(model.CodeBadRequest, "The header Host is repeated. Nothing ran. Send it once.")
	}
	if hosts == 0 && request.IsHTTP11() {
		return model.NewError(model.CodeBadRequest, "The header Host is missing. Nothing ran. HTTP/1.1 requires it.")
	}
	if lengths > 1 {
		ctx.SetConnectionClose()
	}
	return nil
}
