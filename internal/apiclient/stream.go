package apiclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Event is one server-sent event.
type Event struct {
	ID, Name, Data string
}

// Follow passes on the events of a stream until take returns false, the
// stream ends, or ctx does. A connection that breaks is made again after the last
// event that came.
func (c *Client) Follow(ctx context.Context, path string, take func(Event) bool) error {
	last := ""
	for broken := 0; ; {
		done, came, err := c.follow(ctx, path, &last, take)
		var refused *Error
		switch {
		case done || ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &refused):
			return err
		case came:
			broken = 0
		}
		if broken++; broken > 5 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(broken) * 200 * time.Millisecond):
		}
	}
}

// follow reads one connection's events. done says that no more are wanted, or
// will come.
func (c *Client) follow(ctx context.Context, path string, last *string, take func(Event) bool) (done, came bool, err error) {
	headers := http.Header{"Accept": {"text/event-stream"}}
	if *last != "" {
		headers.Set("Last-Event-ID", *last)
	}
	patient := *c
	patient.HTTP = &http.Client{Transport: c.HTTP.Transport} // a stream lasts as long as its execution
	response, err := patient.send(ctx, http.MethodGet, path, nil, headers)
	if err != nil {
		return false, false, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(io.LimitReader(response.Body, largest))
		e := &Error{Status: response.StatusCode}
		_ = json.Unmarshal(text, e)
		return false, false, e
	}
	if response.StatusCode == http.StatusNoContent {
		return true, false, nil // nothing came after the last event, and nothing will
	}
	var event Event
	reader := bufio.NewReader(response.Body)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return false, came, err
		}
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case strings.TrimRight(line, "\r\n") == "":
			if event.Data == "" && event.Name == "" {
				continue
			}
			if came = true; event.ID != "" {
				*last = event.ID
			}
			if !take(event) {
				return true, true, nil
			}
			event = Event{}
		case name == "id":
			event.ID = value
		case name == "event":
			event.Name = value
		case name == "data" && event.Data != "":
			event.Data += "\n" + value
		case name == "data":
			event.Data = value
		}
	}
}
