package handlers

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"maestro/internal/intake"
	"maestro/internal/model"
	"maestro/internal/payload"
)

// maxCodings is how many times a body may be compressed.
const maxCodings = 3

// Inflate replaces a compressed body by the plain one and removes the header,
// so that Fiber's c.Body, which has no limit, does not inflate it.
func (call *call) Inflate() error {
	c := call.c
	header := &c.Request().Header
	if len(header.Peek(fiber.HeaderContentEncoding)) == 0 {
		return nil
	}
	var codings []string
	for _, value := range header.PeekAll(fiber.HeaderContentEncoding) {
		codings = append(codings, strings.Split(string(value), ",")...)
	}
	if len(codings) > maxCodings {
		return model.NewError(model.CodeUnsupportedMediaType, "The body is compressed more than %d times. Compress it once.", maxCodings)
	}
	body := c.Request().Body()
	for i := len(codings) - 1; i >= 0 && len(body) > 0; i-- {
		plain, err := call.server.inflated(strings.ToLower(strings.TrimSpace(codings[i])), body, call.memory())
		if err != nil {
			return err
		}
		body = plain
	}
	header.Del(fiber.HeaderContentEncoding)
	c.Request().SetBodyRaw(body)
	return nil
}

// inflated reverses one encoding.
func (s *Server) inflated(coding string, body []byte, share *intake.Share) ([]byte, error) {
	reader, err := inflater(coding, body, s.bodies.Limit)
	if err == nil {
		defer reader.Close()
		var plain []byte
		if plain, err = s.bodies.Read(intake.Source{Stream: reader, Announced: -1}, share); err == nil {
			return plain, nil
		}
	}
	var coded *model.Error
	switch {
	case errors.As(err, &coded):
		return nil, coded
	case errors.Is(err, intake.ErrFull):
		return nil, bodyRefusal(err)
	case errors.Is(err, intake.ErrTooLarge), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, model.NewError(model.CodeBodyTooLarge, "The inflated body is larger than %d bytes. Send a smaller body.", s.bodies.Limit)
	default:
		return nil, &model.Error{Code: model.CodeMalformedBody, Detail: "The body does not match its Content-Encoding. Send it in that encoding, or without the header.", Cause: err}
	}
}

func inflater(coding string, body []byte, limit int) (io.ReadCloser, error) {
	source := bytes.NewReader(body)
	switch coding {
	case "", "identity":
		return io.NopCloser(source), nil
	case "gzip", "x-gzip":
		return gzip.NewReader(source)
	case "br":
		return io.NopCloser(brotli.NewReader(source)), nil
	case "zstd":
		decoder, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(uint64(limit)+1), zstd.WithDecoderMaxWindow(max(uint64(limit), 8<<20)))
		if err != nil {
			return nil, err
		}
		return decoder.IOReadCloser(), nil
	case "deflate":
		// deflate means the zlib format; some senders omit its header.
		buffered := bufio.NewReader(source)
		if head, err := buffered.Peek(2); err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(buffered)
		}
		return flate.NewReader(buffered), nil
	default:
		if payload.IsCharset(coding) { // some senders put the charset here
			return io.NopCloser(source), nil
		}
		return nil, model.NewError(model.CodeUnsupportedMediaType,
			"The Content-Encoding is not supported. Use gzip, deflate, br or zstd.")
	}
}
