package webhook

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/engine"
	"maestro/internal/model"
)

const mediaText = "text/plain; charset=utf-8"

// answerEnvelope sends the result in its envelope, which is written around the
// bytes that the function returned.
func answerEnvelope(c *fiber.Ctx, result *engine.RunResult) error {
	response := c.Response()
	response.Header.SetContentType(fiber.MIMEApplicationJSON)
	response.AppendBodyString(`{"success":true,"execution_id":"`)
	response.AppendBodyString(result.ExecutionID.String())
	response.AppendBodyString(`","result":`)
	response.AppendBody(result.Output)
	response.AppendBodyString("}")
	return nil
}

// answerRaw sends the result itself, or the response that it describes.
func answerRaw(c *fiber.Ctx, result *engine.RunResult) error {
	shaped, err := shapedResponse(result)
	if err != nil {
		return err
	}
	if shaped == nil {
		shaped = &shape{status: http.StatusOK, body: result.Output, bytes: result.Bytes}
	}
	response := c.Response()
	body, media := shaped.content()
	if media != "" {
		response.Header.SetContentType(media)
	}
	shaped.writeHead(c)
	switch shaped.status {
	case http.StatusNoContent, http.StatusResetContent, http.StatusNotModified: // have no body (RFC 9110)
	default:
		response.SetBodyRaw(body)
	}
	return nil
}

// writeHead sets the status and the headers. It returns the Content-Type among them.
func (s *shape) writeHead(c *fiber.Ctx) (media string) {
	response := c.Response()
	response.SetStatusCode(s.status)
	dropped := connectionOptions(s.headers)
	for _, h := range s.headers {
		if dropped[canonical(h.name)] || isSession(h) {
			continue
		}
		if canonical(h.name) == fiber.HeaderContentType {
			media = h.value
			response.Header.SetContentType(h.value)
		} else {
			response.Header.Add(h.name, h.value)
		}
	}
	return media
}

// AnswerHead sets the status and the headers that a maestro.Response around a stream has,
// if there is one, and returns the Content-Type among them.
func AnswerHead(c *fiber.Ctx, stream *engine.Stream) (media string, err error) {
	head := stream.Head()
	if head.StatusCode == 0 {
		return "", nil
	}
	s := &shape{status: head.StatusCode}
	s.addHeaders(head.Headers)
	if err := s.check(&engine.RunResult{ExecutionID: stream.ExecutionID()}); err != nil {
		return "", err
	}
	return s.writeHead(c), nil
}

// content is the body of the response and its default media type. The type of
// bytes is never guessed: text/html would run in a browser.
func (s *shape) content() (body []byte, media string) {
	if s.bytes {
		if plain, ok := model.BytesOf(s.body); ok {
			return plain, fiber.MIMEOctetStream
		}
	}
	return bodyOf(s.body)
}

// bodyOf is a JSON value as a body: a string becomes plain text, no value an
// empty body.
func bodyOf(value json.RawMessage) (body []byte, media string) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return nil, ""
	}
	if value[0] == '"' {
		var text string
		if json.Unmarshal(value, &text) == nil {
			return []byte(text), mediaText
		}
	}
	return value, fiber.MIMEApplicationJSON
}

// badResponse is the error for a result that can't be sent. The run itself is
// recorded as completed.
func badResponse(result *engine.RunResult, format string, args ...any) *model.Error {
	e := model.NewError(model.CodeOutputInvalid, format, args...)
	e.ExecutionID = result.ExecutionID
	return e
}
