package tracing

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// replies is a transport that gives one response after the other, the last one for
// ever; a status of 0 is a broken connection.
type replies struct {
	statuses []int
	header   http.Header
	came     []time.Time
}

func (r *replies) RoundTrip(request *http.Request) (*http.Response, error) {
	status := r.statuses[min(len(r.came), len(r.statuses)-1)]
	r.came = append(r.came, time.Now())
	if request.Context().Err() != nil {
		return nil, request.Context().Err()
	}
	if status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: r.header, Body: io.NopCloser(strings.NewReader("why"))}, nil
}

func senderTo(r *replies) *sender {
	s := newSender(Options{Endpoint: "http://collector/v1/traces"})
	s.client.Transport = r
	return s
}

func TestRepetitionsForABusyCollector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &replies{statuses: []int{503, 0, 429, 200}}
		require.NoError(t, senderTo(r).send(t.Context(), nil))
		require.Len(t, r.came, 4)
		for i, least := range []time.Duration{firstPause / 2, firstPause, 2 * firstPause} {
			pause := r.came[i+1].Sub(r.came[i])
			require.GreaterOrEqual(t, pause, least)
			require.Less(t, pause, 2*least)
		}
	})
}

func TestPauseThatTheCollectorAsksFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]time.Duration{"7": 7 * time.Second, "100000": longestPause} {
			r := &replies{statuses: []int{429, 200}, header: http.Header{"Retry-After": {text}}}
			require.NoError(t, senderTo(r).send(t.Context(), nil))
			require.Equal(t, want, r.came[1].Sub(r.came[0]))
		}
	})
}

func TestResponsesThatEndTheSending(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 400, 401, 413, 500} {
		r := &replies{statuses: []int{status}, header: http.Header{"Location": {"http://elsewhere/"}}}
		require.ErrorContains(t, senderTo(r).send(t.Context(), nil), "why")
		require.Len(t, r.came, 1, status)
	}
}

func TestEndOfTheWaitForACollector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := &replies{statuses: []int{503}}
		began := time.Now()
		require.ErrorContains(t, senderTo(r).send(ctx, nil), "why")
		require.Equal(t, time.Minute, time.Since(began))
	})
}
