package handlers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/events"
	"maestro/internal/model"
)

const mediaEventStream = "text/event-stream"

// lastWords is how long the log of an ended execution may still receive entries,
// which are written after the record, perhaps by another server.
const lastWords = 2 * time.Second

type logStreamInput struct {
	ExecutionPath
	After       string `query:"after" maxLength:"64" doc:"The id of the last entry that is known, for clients that can't send Last-Event-ID"`
	LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"The id of the last entry that is known; an EventSource sends it when it connects again"`
}

func followLogOp() huma.Operation {
	return huma.Operation{
		OperationID: "follow-log", Summary: "Follow the log of an execution",
		Description: "Server-sent events: the entries of the log, then new ones as they are written, each with its id, the name of the event and, as data, the same JSON as in the log. " +
			"The stream ends after `execution_completed`. Comments keep it open until then.",
		Responses: map[string]*huma.Response{
			"200": {Description: "The stream; the schema is that of one event", Content: map[string]*huma.MediaType{mediaEventStream: {
				Schema: &huma.Schema{
					Type: huma.TypeObject, Required: []string{"event", "data"},
					Properties: map[string]*huma.Schema{
						"id":    {Type: huma.TypeString, Description: "Of the entry, for Last-Event-ID"},
						"event": {Type: huma.TypeString, Description: "As in the log"},
						"data":  {Type: huma.TypeString, Description: "The entry as JSON"},
					},
				},
				Example: map[string]any{
					"id": "1719405000123-0", "event": "log",
					"data": `{"id":"1719405000123-0","timestamp":"2026-11-23T00:02:03.004567Z","execution_id":"0190a8f0-0000-7000-8000-000000000001","event":"log","stream":"stdout","message":"Hello"}`,
				},
			}}},
			"204": {Description: "The execution is over and everything after Last-Event-ID was sent: do not connect again"},
		},
	}
}

// followLog responds with a stream. Refusals come before the stream begins.
func (s *Server) followLog(ctx context.Context, in *logStreamInput) (_ *huma.StreamResponse, err error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	call := callFrom(ctx)
	execution, err := s.ownExecution(ctx, call.tenant, id)
	if err != nil {
		return nil, err
	}
	stream := &logStream{server: s, watcher: watcherOf(call), id: id, look: func(ctx context.Context) (*model.Execution, error) {
		execution, err := s.opts.DB.Execution(ctx, call.tenant, id)
		return &execution, err
	}}
	stream.noteEnd(execution)
	after := in.After
	if in.LastEventID != "" {
		after = in.LastEventID
	}
	return stream.answer(ctx, after)
}

// answer begins the stream after the entry after, or at the first entry.
func (f *logStream) answer(ctx context.Context, after string) (_ *huma.StreamResponse, err error) {
	viewer, err := f.server.opts.Events.Follow(f.tenant, f.id, after)
	if err != nil {
		return nil, err
	}
	stream := f
	f.viewer = viewer
	page, err := viewer.Page(ctx)
	if err != nil {
		viewer.Close()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		c := humafiber.Unwrap(ctx)
		c.Set(fiber.HeaderCacheControl, "no-store")
		switch {
		case after != "" && len(page) == 0 && stream.over != nil:
			viewer.Close()
			c.Status(http.StatusNoContent)
		case c.Method() == fiber.MethodHead:
			viewer.Close()
			c.Set(fiber.HeaderContentType, mediaEventStream)
		default:
			c.Set(fiber.HeaderContentType, mediaEventStream)
			c.Set("X-Accel-Buffering", "no") // makes proxies like nginx forward at once
			// A stream may end because the server stops: a proxy must not keep the connection
			// and send the next request on it.
			c.Context().SetConnectionClose()
			stream.conn = c.Context().Conn()
			c.Context().SetBodyStreamWriter(func(w *bufio.Writer) { stream.run(w, page) })
		}
	}}, nil
}

// logStream is one client that follows a log. It runs on its own goroutine and
// outlives the request: it must not hold values of Fiber.
type logStream struct {
	server *Server
	viewer *events.Viewer
	watcher
	id   model.ID
	conn net.Conn
	over *model.Execution                                // the execution after its end; nil before
	look func(context.Context) (*model.Execution, error) // reads the execution
}

// run writes until the log ends, the client disconnects, its token expires, or
// the server shuts down. A panic here would end the process.
func (f *logStream) run(w *bufio.Writer, page []events.Entry) {
	defer f.viewer.Close()
	defer func() {
		if r := recover(); r != nil {
			f.server.opts.Log.Error("following a log failed", slog.Any("execution_id", f.id), slog.String("error", fmt.Sprintf("panic: %v\n%s", r, debug.Stack())))
		}
	}()
	_, _ = w.WriteString(": the log of " + f.id.String() + "\n\n")
	for {
		ended := f.write(w, page)
		if f.flush(w) != nil || ended {
			return
		}
		var err error
		if page, err = f.more(); err != nil {
			return
		}
		if len(page) > 0 {
			continue
		}
		if f.over != nil {
			f.writeEnd(w)
			_ = f.flush(w)
			return
		}
		if f.renew() != nil {
			return
		}
		_, _ = w.WriteString(": still following\n\n")
	}
}

// more waits for entries. It returns none after some time without entries.
func (f *logStream) more() ([]events.Entry, error) {
	wait := f.server.opts.Heartbeat
	if f.over != nil {
		wait = lastWords
	}
	ctx, cancel := context.WithTimeout(f.server.streams, wait)
	defer cancel()
	next := f.viewer.Next
	if f.over != nil && time.Since(f.over.CompletedAt) > lastWords {
		next = f.viewer.Page // the log gets no more entries
	}
	page, err := next(ctx)
	switch {
	case f.server.streams.Err() != nil:
		return nil, f.server.streams.Err()
	case err == nil || errors.Is(err, context.DeadlineExceeded):
		return page, nil
	default: // Redis is unavailable, perhaps briefly
		<-ctx.Done()
		return nil, f.server.streams.Err()
	}
}

// renew checks whether the client may continue, and whether the execution has
// ended without an entry in its log, as after a crash.
func (f *logStream) renew() error {
	ctx, cancel := context.WithTimeout(f.server.streams, restTimeout)
	defer cancel()
	if err := f.admitted(ctx, f.server.opts.Auth); err != nil {
		return err
	}
	if execution, err := f.look(ctx); err == nil {
		f.noteEnd(execution)
	}
	return nil
}

func (f *logStream) noteEnd(execution *model.Execution) {
	if execution != nil && execution.Status.Final() {
		f.over = execution
	}
}

// write writes entries, and reports whether the log ends with them.
func (f *logStream) write(w *bufio.Writer, page []events.Entry) (ended bool) {
	for i := range page {
		f.writeEvent(w, page[i].ID, page[i].Event, &page[i])
		if page[i].Event == events.ExecutionCompleted {
			return true
		}
	}
	return false
}

// writeEnd writes the end that is missing in the log: it was dropped, has
// expired, or the server died before writing it.
func (f *logStream) writeEnd(w *bufio.Writer) {
	e := f.over
	f.writeEvent(w, "", events.ExecutionCompleted, struct {
		ExecutionID     model.ID     `json:"execution_id"`
		Timestamp       timestamp    `json:"timestamp"`
		Event           string       `json:"event"`
		FunctionName    string       `json:"function_name"`
		FunctionVersion int          `json:"function_version"`
		Status          model.Status `json:"status"`
		DurationMS      *float64     `json:"duration_ms"`
		ErrorType       *string      `json:"error_type,omitempty"`
	}{
		f.id, timestamp(e.CompletedAt), events.ExecutionCompleted, e.FunctionName, e.FunctionVersion,
		e.Status, milliseconds(e.Duration, e.CompletedAt), e.ErrorType,
	})
}

// writeEvent writes into the buffer; errors appear in flush.
func (f *logStream) writeEvent(w *bufio.Writer, id, name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		return // texts and numbers can always be encoded
	}
	if id != "" {
		_, _ = w.WriteString("id: " + id + "\n")
	}
	_, _ = w.WriteString("event: " + name + "\ndata: ")
	_, _ = w.Write(text)
	_, _ = w.WriteString("\n\n")
}

// flush sends the buffer. A client that reads nothing for writeTimeout is
// disconnected.
func (f *logStream) flush(w *bufio.Writer) error {
	_ = f.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return w.Flush()
}
