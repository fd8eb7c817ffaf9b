package apiclient

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func serve(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return New(server.URL, "token", "the test")
}

func TestListsOfSeveralPages(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			w.Header().Set("X-Next-Cursor", "more of it")
			_, _ = fmt.Fprint(w, `[1,2]`)
			return
		}
		_, _ = fmt.Fprintf(w, `[%d]`, len(r.URL.Query().Get("cursor")))
	})
	all, err := List[int](t.Context(), c, "/things", url.Values{}, 0)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 10}, all)
	all, err = List[int](t.Context(), c, "/things", nil, 2)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, all)
}

func TestErrorsOfAServer(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "Bearer token", r.Header.Get("Authorization"))
		require.Equal(t, "acme", r.Header.Get("X-Subtenant-ID"))
		switch r.URL.Path {
		case "/api/v1/refused":
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = fmt.Fprint(w, `{"status":422,"code":"invalid","detail":"No.","errors":[{"pointer":"/a","message":"is bad"},{"line":3,"message":"is worse"}]}`)
		case "/api/v1/said":
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = fmt.Fprint(w, `{"status":422,"code":"invalid","detail":"/a: is bad.","errors":[{"pointer":"/a","message":"is bad"}]}`)
		case "/api/v1/other":
			w.WriteHeader(http.StatusBadGateway)
			_, _ = fmt.Fprint(w, `<html>`)
		default:
			_, _ = fmt.Fprint(w, `not JSON`)
		}
	})
	c.Subtenant = "acme"
	err := c.Call(t.Context(), http.MethodGet, "/refused", nil, nil)
	require.EqualError(t, err, "the server answers 422 invalid: No. (/a: is bad) (line 3: is worse)")
	require.True(t, Is(err, "invalid"))
	require.EqualError(t, c.Call(t.Context(), http.MethodGet, "/said", nil, nil), "the server answers 422 invalid: /a: is bad.", "no fault stands twice")
	require.ErrorContains(t, c.Call(t.Context(), http.MethodGet, "/other", nil, nil), "is not a Maestro server, check the test: it answers 502")
	var out struct{}
	require.ErrorContains(t, c.Call(t.Context(), http.MethodGet, "/text", nil, &out), "is not a Maestro server")
	require.ErrorContains(t, New("http://127.0.0.1:1", "", "the test").Call(t.Context(), http.MethodGet, "/", nil, nil), "no server answers at http://127.0.0.1:1 (the test)")
}

// A stream that breaks goes on after the last event; its end and a refusal end it.
func TestStreamsThatBreak(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) {
		case 1:
			_, _ = fmt.Fprint(w, ": a comment\n\nid: 1\nevent: log\ndata: {\"a\":1}\n\nid: 2\ndata: one\ndata: two\n\nid: 3\ndata: cut off")
		case 2:
			require.Equal(t, "2", r.Header.Get("Last-Event-ID"))
			_, _ = fmt.Fprint(w, "id: 3\r\ndata: whole\r\n\r\n")
		default:
			require.Equal(t, "3", r.Header.Get("Last-Event-ID"))
			w.WriteHeader(http.StatusNoContent)
		}
	})
	var got []Event
	require.NoError(t, c.Follow(t.Context(), "/stream", func(e Event) bool { got = append(got, e); return true }))
	require.Equal(t, []Event{{"1", "log", `{"a":1}`}, {"2", "", "one\ntwo"}, {"3", "", "whole"}}, got)

	refusing := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"code":"execution_not_found","detail":"None."}`)
	})
	require.True(t, Is(refusing.Follow(t.Context(), "/stream", nil), "execution_not_found"))
	ctx, cancel := context.WithCancel(t.Context())
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	require.ErrorIs(t, endless.Follow(ctx, "/stream", func(Event) bool { cancel(); return true }), context.Canceled)
}
