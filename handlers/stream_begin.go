package handlers

import (
	"io"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"maestro/handlers/connection"
	"maestro/handlers/webhook"
	"maestro/internal/engine"
	"maestro/internal/idempotency"
	"maestro/internal/model"
)

// Stream implements webhook.Request.
func (call *call) Stream(stream *engine.Stream) error {
	first, err := call.firstItems(stream)
	if err != nil {
		return err
	}
	media, err := webhook.AnswerHead(call.c, stream)
	if err != nil {
		stream.Close()
		return err
	}
	var item *model.Emitted
	if len(first) > 0 {
		item = &first[0]
	}
	return call.send(stream, formOf(media, item), first)
}

// streamEvents makes the response of runFunction a stream, if it has asked for that.
func (call *call) streamEvents() error {
	stream := call.stream
	if stream == nil {
		return nil
	}
	first, err := call.firstItems(stream)
	if err != nil {
		return err
	}
	call.c.Response().ResetBody()
	return call.send(stream, &streamForm{media: mediaEventStream, events: true, strict: true}, first)
}

// firstItems waits for the first items, none for a function that yields nothing. An error
// is that of a run that has failed before that.
func (call *call) firstItems(stream *engine.Stream) ([]model.Emitted, error) {
	for {
		pieces, ended, err := stream.Next(lookEvery)
		if len(pieces) > 0 || ended {
			return pieces, err
		}
		if connection.Gone(call.c.Context().Conn()) {
			stream.Close()
		}
	}
}

// send makes the stream the body of the response.
func (call *call) send(stream *engine.Stream, form *streamForm, first []model.Emitted) error {
	c := call.c
	response := c.Response()
	response.Header.SetContentType(form.media)
	setDefault(c, "X-Accel-Buffering", "no") // makes proxies like nginx forward at once
	setDefault(c, fiber.HeaderCacheControl, "no-cache")
	switch status := response.StatusCode(); {
	case c.Method() == fiber.MethodHead, status == http.StatusNoContent, status == http.StatusResetContent, status == http.StatusNotModified:
		stream.Discard()
		return nil
	}
	body := &streamBody{call: call, stream: stream, form: form, conn: c.Context().Conn(), quiet: time.Now()}
	if call.attempt != nil {
		body.whole = new([]byte)
	}
	body.add(first)
	if !c.Request().Header.IsHTTP11() { // it knows no chunks
		return call.sendWhole(body)
	}
	call.body = body
	response.SetBodyStream(body, -1)
	return nil
}

// sendWhole collects the body of a response to HTTP/1.0.
func (call *call) sendWhole(body *streamBody) error {
	whole, err := io.ReadAll(body)
	_ = body.Close()
	if err != nil {
		return model.NewError(model.CodeFunctionFailed, "The function failed after it had yielded a part of its result.")
	}
	call.c.Response().SetBodyRaw(whole)
	return nil
}

func setDefault(c *fiber.Ctx, name, value string) {
	if len(c.Response().Header.Peek(name)) == 0 {
		c.Set(name, value)
	}
}

// keepStream has the answer of an attempt kept when its stream has ended. It is called
// before the body is read.
func (call *call) keepStream(attempt *idempotency.Attempt, answer idempotency.Answer) {
	context := call.server.opts.Context
	call.body.ended = func(err error, body []byte) {
		defer attempt.Close(context)
		if err == nil {
			answer.Body = body
			attempt.Keep(context, answer)
		} else {
			attempt.Ran(err)
		}
	}
}
