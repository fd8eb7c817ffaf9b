package handlers_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"maestro/handlers"
)

// BenchmarkWebhook is a call of hello world, recorded durably, with the edge
// entered below TCP: compare its allocations, not its time, between changes.
func BenchmarkWebhook(b *testing.B) {
	for _, mode := range []string{"request", "body"} {
		b.Run(mode, func(b *testing.B) {
			f := setup(b, func(o *handlers.Options) { o.Log = slog.New(slog.DiscardHandler) })
			f.function("hello", "def hello(input):\n    return 'Hello'")
			f.webhook(`{"path":"hello","function_name":"hello","input_mode":"` + mode + `"}`)
			f.callInLoop(b, "/api/v1/h/hello", `{"name":"Claude"}`)
		})
	}
}

// callInLoop is what a benchmark of calls measures: POSTs by many at once.
func (f *fixture) callInLoop(b *testing.B, path, body string) {
	handler := f.server.App().Handler()
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		ctx := &fasthttp.RequestCtx{}
		for pb.Next() {
			ctx.Request.Reset()
			ctx.Response.Reset()
			ctx.ResetUserValues()
			ctx.Request.Header.SetMethod("POST")
			ctx.Request.SetRequestURI(path)
			ctx.Request.Header.SetContentType("application/json")
			ctx.Request.SetBodyString(body)
			handler(ctx)
			require.Equal(b, 200, ctx.Response.StatusCode())
		}
	})
}
