package handlers

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
)

const mediaText = "text/plain; charset=utf-8"

// streamForm turns the items of a stream into bytes of the response.
type streamForm struct {
	media string
	// events has each item sent as an event; otherwise text and bytes are sent as they are.
	events bool
	// strict has it done with text as well that has the form of events itself.
	strict bool

	last [2]byte // that were written
}

// formOf chooses the form of a response to a webhook: by its own Content-Type, else by
// the first item, which is nil when there is none.
func formOf(media string, first *model.Emitted) *streamForm {
	switch {
	case media != "":
		return &streamForm{media: media}
	case first == nil:
		return &streamForm{media: mediaText}
	case first.Kind == model.EmitBytes:
		return &streamForm{media: fiber.MIMEOctetStream}
	case first.Kind == model.EmitText && !isEvents(textOf(first.Value)):
		return &streamForm{media: mediaText}
	case first.Kind == model.EmitText:
		return &streamForm{media: mediaEventStream}
	default:
		return &streamForm{media: mediaEventStream, events: true}
	}
}

// isStream reports whether the response is a stream of events, so that comments may
// stand between them.
func (f *streamForm) isStream() bool { return strings.HasPrefix(f.media, mediaEventStream) }

// readable reports whether an event can say how the stream failed: a client that expects
// bytes, or other JSON, would take it for a part of them.
func (f *streamForm) readable() bool { return strings.HasPrefix(f.media, "text/") }

// between reports whether the last event is complete.
func (f *streamForm) between() bool { return f.last == [2]byte{} || f.last == [2]byte{'\n', '\n'} }

// append appends an item.
func (f *streamForm) append(out []byte, item *model.Emitted) []byte {
	begin := len(out)
	switch item.Kind {
	case model.EmitText:
		if f.strict {
			out = appendEvent(out, "", item.Value)
			break
		}
		text := textOf(item.Value)
		if f.events && !isEvents(text) {
			out = appendEvent(out, "", item.Value)
		} else {
			out = append(out, text...)
		}
	case model.EmitBytes:
		plain, ok := model.BytesOf(item.Value)
		if f.events || !ok {
			out = appendEvent(out, "", item.Value)
		} else {
			out = append(out, plain...)
		}
	default:
		out = appendEvent(out, "", item.Value)
	}
	f.note(out[begin:])
	return out
}

// appendError appends the event of a failure.
func (f *streamForm) appendError(out, problem []byte) []byte {
	switch {
	case f.between():
	case f.last[1] == '\n':
		out = append(out, '\n')
	default:
		out = append(out, "\n\n"...)
	}
	return appendEvent(out, "error", problem)
}

func (f *streamForm) note(written []byte) {
	for _, b := range written[max(0, len(written)-2):] {
		f.last = [2]byte{f.last[1], b}
	}
}

// appendEvent appends a server-sent event. JSON as the runtime writes it has no line breaks.
func appendEvent(out []byte, name string, data []byte) []byte {
	if name != "" {
		out = append(append(append(out, "event: "...), name...), '\n')
	}
	out = append(append(out, "data: "...), data...)
	return append(out, "\n\n"...)
}

// textOf is the text of a JSON string. A lone surrogate becomes U+FFFD.
func textOf(value []byte) string {
	if len(value) >= 2 && !bytes.ContainsRune(value, '\\') {
		return string(value[1 : len(value)-1])
	}
	var text string
	_ = json.Unmarshal(value, &text) // it is a string
	return text
}

// isEvents reports whether a text consists of whole server-sent events.
func isEvents(text string) bool {
	if !strings.HasSuffix(text, "\n\n") {
		return false
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		field, _, found := strings.Cut(line, ":")
		switch {
		case line == "", found && (field == "" || field == "data" || field == "event" || field == "id" || field == "retry"):
		default:
			return false
		}
	}
	return true
}
