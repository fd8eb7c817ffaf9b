package webhook

import (
	"bytes"
	"encoding/json"
	"net/textproto"
	"sort"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/http/httpguts"

	"maestro/handlers/header"
	"maestro/internal/engine"
	"maestro/internal/model"
	"maestro/internal/payload"
)

// shape is a response that a function describes itself.
type shape struct {
	status  int
	headers []shapeHeader
	body    json.RawMessage // nil: none
	bytes   bool            // body is base64 of bytes
}

type shapeHeader struct{ name, value string }

// hopByHop are the headers that belong to a connection, not to a response
// (RFC 9110, section 7.6.1), and those that follow from the body.
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Content-Length",
	header.ExecutionID, header.RequestID, // set by the server
}

// shapedResponse returns the response that a result describes: a
// maestro.Response, or an object with a numeric status_code and at most headers
// and body besides. It is nil for any other result.
func shapedResponse(result *engine.RunResult) (*shape, error) {
	if r := result.Response; r != nil {
		s := &shape{status: r.StatusCode, body: withoutNull(r.Body), bytes: result.Bytes}
		s.addHeaders(r.Headers)
		return s, s.check(result)
	}
	if !bytes.HasPrefix(result.Output, []byte("{")) || !bytes.Contains(result.Output, []byte(`"status_code"`)) {
		return nil, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(result.Output, &object) != nil {
		return nil, nil
	}
	s := &shape{bytes: result.Bytes}
	for name, value := range object {
		switch name {
		case "status_code":
			if json.Unmarshal(value, &s.status) != nil {
				return nil, nil
			}
		case "headers":
			if !s.readHeaders(value) {
				return nil, nil
			}
		case "body":
			s.body = withoutNull(value)
		default:
			return nil, nil
		}
	}
	if _, found := object["status_code"]; !found {
		return nil, nil
	}
	return s, s.check(result)
}

func (s *shape) addHeaders(headers model.ResponseHeaders) {
	for name, values := range headers {
		for _, value := range values {
			s.headers = append(s.headers, shapeHeader{name, value})
		}
	}
	sort.SliceStable(s.headers, func(i, j int) bool { return s.headers[i].name < s.headers[j].name })
}

// readHeaders reads an object of texts. Numbers and booleans are converted to
// text; a list repeats the header, and null leaves it out, as in a
// maestro.Response.
func (s *shape) readHeaders(text json.RawMessage) bool {
	if withoutNull(text) == nil {
		return true
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return false
	}
	for name, value := range object {
		if withoutNull(value) == nil {
			continue
		}
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			list = []json.RawMessage{value}
		}
		for _, item := range list {
			one, ok := scalarText(item)
			if !ok {
				return false
			}
			s.headers = append(s.headers, shapeHeader{name, one})
		}
	}
	sort.SliceStable(s.headers, func(i, j int) bool { return s.headers[i].name < s.headers[j].name })
	return true
}

func scalarText(value json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(value, &text) == nil && withoutNull(value) != nil {
		return text, true
	}
	switch value[0] {
	case '{', '[', 'n':
		return "", false
	default:
		return string(value), true
	}
}

// withoutNull is value, or nil when it is null.
func withoutNull(value json.RawMessage) json.RawMessage {
	if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
		return nil
	}
	return value
}

// check refuses an invalid status, and headers that could inject others.
func (s *shape) check(result *engine.RunResult) error {
	if s.status < 200 || s.status > 599 {
		return badResponse(result, "The function returned the status code %d; it must be from 200 to 599.", s.status)
	}
	for _, h := range s.headers {
		if !httpguts.ValidHeaderFieldName(h.name) {
			return badResponse(result, "The function returned a header with an invalid name.")
		}
		if strings.ContainsFunc(h.value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return badResponse(result, "The function returned a line break or another control character in the header %s.", h.name)
		}
	}
	return nil
}

// connectionOptions are the headers that are not sent: the hop-by-hop headers,
// and those that a Connection header names.
func connectionOptions(headers []shapeHeader) map[string]bool {
	dropped := make(map[string]bool, len(hopByHop))
	for _, name := range hopByHop {
		dropped[canonical(name)] = true
	}
	for _, h := range headers {
		if canonical(h.name) == fiber.HeaderConnection {
			for option := range strings.SplitSeq(h.value, ",") {
				dropped[canonical(strings.TrimSpace(option))] = true
			}
		}
	}
	return dropped
}

// isSession reports whether a header would sign a browser in to the API, or out.
func isSession(h shapeHeader) bool {
	name, _, _ := strings.Cut(h.value, "=")
	return canonical(h.name) == fiber.HeaderSetCookie && strings.TrimSpace(name) == payload.SessionCookie
}

func canonical(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }
