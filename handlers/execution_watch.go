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
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"maestro/internal/model"
	"maestro/internal/watch"
)

type watchInput struct {
	FunctionName string   `query:"function_name" minLength:"1" maxLength:"255"`
	Statuses     []string `query:"status,explode" nullable:"false" enum:"pending,running,completed,failed,timed_out,cancelled,crashed" doc:"Executions that get one of these states, or lose it"`
	LastEventID  string   `header:"Last-Event-ID" maxLength:"64" doc:"Of an earlier stream: the first event is a gap then"`
}

// watchedView is an execution without its values.
type watchedView struct {
	ID              string          `json:"id" format:"uuid"`
	FunctionName    string          `json:"function_name"`
	FunctionVersion int             `json:"function_version"`
	Trigger         model.Trigger   `json:"trigger_type" enum:"webhook,schedule,manual,retry,spawn,alert"`
	TriggerID       *string         `json:"trigger_id" format:"uuid"`
	Status          model.Status    `json:"status" enum:"pending,running,completed,failed,timed_out,cancelled,crashed"`
	ErrorType       *string         `json:"error_type"`
	CreatedAt       timestamp       `json:"created_at"`
	StartedAt       timestamp       `json:"started_at" nullable:"true"`
	CompletedAt     timestamp       `json:"completed_at" nullable:"true"`
	DurationMS      *float64        `json:"duration_ms"`
	Attempt         int             `json:"attempt"`
	ParentID        *string         `json:"parent_execution_id" format:"uuid"`
	Lane            *model.LaneName `json:"lane" enum:"embedded,process"`
	RecordComplete  bool            `json:"record_complete"`
}

func viewWatched(e model.Execution) watchedView {
	whole := viewExecution(e)
	return watchedView{
		ID: whole.ID, FunctionName: whole.FunctionName, FunctionVersion: whole.FunctionVersion, Trigger: whole.Trigger, TriggerID: whole.TriggerID,
		Status: whole.Status, ErrorType: whole.ErrorType, CreatedAt: whole.CreatedAt, StartedAt: whole.StartedAt, CompletedAt: whole.CompletedAt,
		DurationMS: whole.DurationMS, Attempt: whole.Attempt, ParentID: whole.ParentID, Lane: whole.Lane, RecordComplete: whole.RecordComplete,
	}
}

func watchExecutionsOp() huma.Operation {
	return huma.Operation{
		OperationID: "watch-executions", Summary: "Follow the list of executions",
		Description: "Server-sent events, within a second of what happens on any server: `execution` with an execution that is new or has another state, as in the list but without " +
			"`input_data`, `output_data`, `error` and `traceback`; `gap` where some are missing: read the list again. The first event is `open`: what the list shows afterwards, and " +
			"what the stream tells from then on, is everything. A run shorter than a quarter of a second appears at its end. The stream ends with the token.",
		Responses: map[string]*huma.Response{
			"200": {Description: "The stream; the schema is that of one event", Content: map[string]*huma.MediaType{mediaEventStream: {
				Schema: &huma.Schema{
					Type: huma.TypeObject, Required: []string{"event", "data"},
					Properties: map[string]*huma.Schema{
						"id":    {Type: huma.TypeString, Description: "For Last-Event-ID"},
						"event": {Type: huma.TypeString, Enum: []any{"open", "execution", "gap"}},
						"data":  {Type: huma.TypeString, Description: "JSON"},
					},
				},
				Example: map[string]any{
					"id": "7", "event": "execution",
					"data": `{"id":"0190a8f0-0000-7000-8000-000000000001","function_name":"hello","function_version":1,"trigger_type":"manual","trigger_id":null,"status":"completed","error_type":null,"created_at":"2026-11-23T00:02:03.004567Z","started_at":"2026-11-23T00:02:03.004567Z","completed_at":"2026-11-23T00:02:03.014567Z","duration_ms":10,"attempt":1,"parent_execution_id":null,"lane":"embedded","record_complete":true}`,
				},
			}}},
		},
	}
}

// watchExecutions responds with a stream.
func (s *Server) watchExecutions(ctx context.Context, in *watchInput) (*huma.StreamResponse, error) {
	if fault := unstorable([]byte(in.FunctionName)); fault != "" {
		return nil, unmatched("/query/function_name", "The filter function_name", fault)
	}
	call := callFrom(ctx)
	stream := &listStream{server: s, watcher: watcherOf(call), function: in.FunctionName, again: in.LastEventID != ""}
	for _, status := range in.Statuses {
		stream.statuses = append(stream.statuses, model.Status(status))
	}
	if call.c.Method() != fiber.MethodHead {
		var err error
		if stream.source, err = s.opts.Watch.Watch(ctx, call.tenant); err != nil {
			return nil, err
		}
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		c := humafiber.Unwrap(ctx)
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set(fiber.HeaderContentType, mediaEventStream)
		if stream.source == nil {
			c.Status(http.StatusOK)
			return
		}
		c.Set("X-Accel-Buffering", "no") // makes proxies like nginx forward at once
		c.Context().SetConnectionClose() // as for logs: the server may end the stream
		stream.conn = c.Context().Conn()
		c.Context().SetBodyStreamWriter(stream.run)
	}}, nil
}

// listStream is one client that follows the list. It outlives the request: it must not
// hold values of Fiber.
type listStream struct {
	server *Server
	watcher
	source   *watch.Watcher
	conn     net.Conn
	function string
	statuses []model.Status
	again    bool // the client has followed before, and may have missed something
	events   int  // sent so far
}

// run writes until the client disconnects, its token expires, or the server shuts
// down. A panic here would end the process.
func (l *listStream) run(w *bufio.Writer) {
	defer l.source.Close()
	defer func() {
		if r := recover(); r != nil {
			l.server.opts.Log.Error("following the list of executions failed", slog.String("tenant", l.tenant), slog.String("error", fmt.Sprintf("panic: %v\n%s", r, debug.Stack())))
		}
	}()
	l.write(w, "open", struct{}{})
	if l.again {
		l.write(w, "gap", struct{}{})
	}
	checked := time.Now()
	for l.flush(w) == nil {
		news, err := l.next()
		switch {
		case errors.Is(err, context.DeadlineExceeded) && l.server.streams.Err() == nil:
			_, _ = w.WriteString(": still following\n\n")
		case err != nil:
			return
		}
		if time.Since(checked) >= l.server.opts.Heartbeat {
			if l.renew() != nil {
				return
			}
			checked = time.Now()
		}
		for i := range news.Changes {
			if change := &news.Changes[i]; l.wants(change) {
				l.write(w, "execution", viewWatched(change.Execution))
			}
		}
		if news.Gap {
			l.write(w, "gap", struct{}{})
		}
	}
}

func (l *listStream) next() (watch.News, error) {
	ctx, cancel := context.WithTimeout(l.server.streams, l.server.opts.Heartbeat)
	defer cancel()
	return l.source.Next(ctx)
}

func (l *listStream) renew() error {
	ctx, cancel := context.WithTimeout(l.server.streams, restTimeout)
	defer cancel()
	return l.admitted(ctx, l.server.opts.Auth)
}

// wants reports whether the client has asked for a change.
func (l *listStream) wants(change *watch.Change) bool {
	if l.function != "" && l.function != change.FunctionName {
		return false
	}
	return len(l.statuses) == 0 || slices.Contains(l.statuses, change.Status) || slices.Contains(l.statuses, change.Before)
}

// write writes into the buffer; errors appear in flush.
func (l *listStream) write(w *bufio.Writer, name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		return // texts and numbers can always be encoded
	}
	l.events++
	_, _ = w.WriteString("id: " + strconv.Itoa(l.events) + "\nevent: " + name + "\ndata: ")
	_, _ = w.Write(text)
	_, _ = w.WriteString("\n\n")
}

// flush sends the buffer. A client that reads nothing for writeTimeout is disconnected.
func (l *listStream) flush(w *bufio.Writer) error {
	_ = l.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return w.Flush()
}
