package main

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"maestro/internal/testkit"
)

// otlpCollector keeps the spans that it gets.
type otlpCollector struct {
	*httptest.Server

	mu    sync.Mutex
	spans []*otlp.Span // guarded by mu
	keys  []string     // guarded by mu
}

func newCollector(t *testing.T) *otlpCollector {
	t.Helper()
	c := &otlpCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := readExport(r)
		var request otlp.TracesData
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(text, &request) != nil {
			t.Errorf("not the export of traces: %s %v", r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.keys = append(c.keys, r.Header.Get("Api-Key"))
		for _, of := range request.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// readExport reads a body that may be compressed.
func readExport(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	inflated, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(inflated)
}

// of returns the spans of a name, in the order of their starts.
func (c *otlpCollector) of(name string) (found []*otlp.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		if span.Name == name {
			found = append(found, span)
		}
	}
	return found
}

// TestTracesOfARealServer: a synchronous run belongs to its caller's trace, with a
// span for each step; an asynchronous run and each of its attempts have traces of
// their own, with links to the caller's. It is so in both lanes.
func TestTracesOfARealServer(t *testing.T) {
	t.Parallel()
	for _, lane := range []string{"embedded", "process"} {
		t.Run(lane, func(t *testing.T) {
			t.Parallel()
			testTraces(t, lane)
		})
	}
}

func testTraces(t *testing.T, lane string) {
	to := newCollector(t)
	p := launch(t, testkit.DataDir(t), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+jwtSecret, "CENSUS_JWT_SECRET="+jwtSecret,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+to.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b", "DEFAULT_LANE="+lane)
	t.Cleanup(func() { p.stop(t) })
	c := p.client(t, "acme")
	c.define("inner", "import maestro\ndef inner(input):\n    return maestro.context().traceparent")
	c.define("outer", "import maestro\ndef outer(input):\n    return [maestro.context().traceparent, inner({})]")
	c.define("spawner", "import maestro\ndef spawner(input):\n    return maestro.spawn('flaky', {})")
	c.define("flaky", "import maestro\ndef flaky(input):\n    if maestro.context().attempt == 1:\n        raise ValueError('the secret text')\n    return 1",
		"retry", map[string]any{"max_attempts": 2, "backoff_seconds": 0.01})
	c.define("once", "def once(input):\n    return 1")
	c.want("POST", "/api/v1/webhooks", map[string]any{"path": "outer", "function_name": "outer", "response_mode": "raw"}, http.StatusCreated)

	const trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	traceParent := "00-" + trace + "-" + caller + "-01"
	r := c.send("POST", "/api/v1/h/outer", map[string]any{}, "Traceparent", traceParent)
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	var seen []string
	require.NoError(t, r.into(&seen))
	r = c.send("POST", "/api/v1/executions", map[string]any{"function_name": "spawner", "input_data": map[string]any{}}, "Traceparent", traceParent)
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	spawned := r.json(t)["result"].(string)
	c.send("GET", "/api/v1/executions/"+spawned+"/logs/stream", nil) // ends with the execution
	r = c.send("POST", "/api/v1/executions", map[string]any{"function_name": "inner", "mode": "async"}, "Traceparent", "nonsense")
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	alone := r.json(t)["execution_id"].(string)
	c.send("GET", "/api/v1/executions/"+alone+"/logs/stream", nil)
	first := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "once", "input_data": map[string]any{}}).json(t)["execution_id"].(string)
	r = c.send("POST", "/api/v1/executions/"+first+"/retry", nil)
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	c.send("GET", "/api/v1/executions/"+r.json(t)["execution_id"].(string)+"/logs/stream", nil)
	p.stop(t) // sends the remaining spans

	outer, inner := to.of("outer"), to.of("inner")
	require.Len(t, outer, 1)
	require.Len(t, inner, 2)
	require.Equal(t, caller, hex.EncodeToString(outer[0].ParentSpanId))
	require.Equal(t, outer[0].SpanId, inner[0].ParentSpanId)
	require.Equal(t, []string{
		fmt.Sprintf("00-%s-%x-01", trace, outer[0].SpanId), fmt.Sprintf("00-%s-%x-01", trace, inner[0].SpanId),
	}, seen, "what functions pass on")

	spawner, accepted, flaky := to.of("spawner"), to.of("accept flaky"), to.of("flaky")
	require.Len(t, accepted, 1)
	require.Len(t, flaky, 2)
	require.Equal(t, spawner[0].SpanId, accepted[0].ParentSpanId)
	for i, attempt := range flaky {
		require.NotEqual(t, trace, hex.EncodeToString(attempt.TraceId))
		require.Empty(t, attempt.ParentSpanId)
		require.Len(t, attempt.Links, 1)
		require.Equal(t, accepted[0].SpanId, attempt.Links[0].SpanId)
		require.Equal(t, trace, hex.EncodeToString(attempt.Links[0].TraceId))
		require.Equal(t, i == 0, attempt.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR)
		require.Contains(t, attempt.String(), spawned)
	}
	once := to.of("once")
	require.Len(t, once, 2)
	require.NotContains(t, once[0].String(), "maestro.parent_id")
	require.Contains(t, once[1].String(), first, "a retry by request names what it repeats")
	require.Contains(t, to.of("accept once")[0].String(), first)
	require.NotEqual(t, flaky[0].TraceId, flaky[1].TraceId)
	require.Empty(t, to.of("accept inner")[0].ParentSpanId, "an invalid traceparent is none")
	to.mu.Lock()
	defer to.mu.Unlock()
	for _, span := range to.spans {
		require.NotContains(t, span.String(), "the secret text")
	}
	require.Equal(t, "a b", strings.Join(to.keys[:1], ""))
}

// TestTracesOfRetries: a retry on request is linked to the run that it repeats, and the
// attempts of a schedule's run to the storing of it.
func TestTracesOfRetries(t *testing.T) {
	t.Parallel()
	to := newCollector(t)
	p := launch(t, testkit.DataDir(t), "DATABASE_URL="+testkit.DatabaseURL(t), "SECRET_KEY="+jwtSecret, "CENSUS_JWT_SECRET="+jwtSecret,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+to.URL, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip")
	t.Cleanup(func() { p.stop(t) })
	c := p.client(t, "acme")
	c.define("broken", "def broken(input):\n    raise ValueError(input)")
	c.define("flaky", "import maestro\ndef flaky(input):\n    if maestro.context().attempt == 1:\n        raise ValueError()",
		"retry", map[string]any{"max_attempts": 2, "backoff_seconds": 0.01})
	ended := func(id string) { c.send("GET", "/api/v1/executions/"+id+"/logs/stream", nil) } // ends with the execution

	const trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	const traceParent = "00-" + trace + "-" + caller + "-01"
	r := c.send("POST", "/api/v1/executions", map[string]any{"function_name": "broken", "input_data": 1}, "Traceparent", traceParent)
	require.Equal(t, http.StatusInternalServerError, r.status, "%s", r.body)
	first := r.header.Get("X-Execution-ID")
	retry := c.want("POST", "/api/v1/executions/"+first+"/retry", nil, http.StatusAccepted)["execution_id"].(string)
	ended(retry)
	r = c.send("POST", "/api/v1/executions/retry?function_name=broken", nil, "Traceparent", traceParent)
	require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	require.EqualValues(t, 1, r.json(t)["count"], "the first one was run again")
	var bulk []map[string]any
	require.NoError(t, c.send("GET", "/api/v1/executions?parent_execution_id="+retry, nil).into(&bulk))
	require.Len(t, bulk, 1)
	ended(bulk[0]["id"].(string))
	schedule := c.want("POST", "/api/v1/schedules", map[string]any{"name": "s", "function_name": "flaky", "cron_expression": "@yearly"}, http.StatusCreated)["id"].(string)
	ended(c.want("POST", "/api/v1/schedules/"+schedule+"/run", nil, http.StatusAccepted)["execution_id"].(string))
	p.stop(t) // sends the remaining spans

	linked := func(from *otlp.Span, to ...*otlp.Span) {
		t.Helper()
		require.Len(t, from.Links, len(to))
		for i, link := range from.Links {
			require.Equal(t, to[i].TraceId, link.TraceId)
			require.Equal(t, to[i].SpanId, link.SpanId)
		}
	}
	broken, accepted := to.of("broken"), to.of("accept broken")
	require.Len(t, broken, 3)
	require.Len(t, accepted, 1)
	require.Equal(t, trace, hex.EncodeToString(broken[0].TraceId))
	require.Empty(t, broken[0].Links)
	linked(accepted[0], broken[0])
	linked(broken[1], accepted[0], broken[0])
	require.Equal(t, "repeated", broken[1].Links[1].Attributes[0].Value.GetStringValue())
	bulkCaller, err := hex.DecodeString(caller)
	require.NoError(t, err)
	linked(broken[2], &otlp.Span{TraceId: broken[0].TraceId, SpanId: bulkCaller}, broken[1])

	flaky, due := to.of("flaky"), to.of("accept flaky")
	require.Len(t, due, 1)
	require.Len(t, flaky, 2)
	require.Empty(t, due[0].ParentSpanId)
	for _, attempt := range flaky {
		linked(attempt, due[0])
		require.NotEqual(t, due[0].TraceId, attempt.TraceId)
		require.Equal(t, otlp.Span_SPAN_KIND_CONSUMER, attempt.Kind)
	}
}
