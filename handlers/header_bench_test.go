package handlers

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
)

// The headers of a sender's webhook behind a proxy.
const headersOfASender = "POST /api/v1/h/orders HTTP/1.1\r\nHost: maestro.example.com\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nContent-Length: 2\r\n" +
	"Accept: */*\r\nContent-Type: application/json\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-GitHub-Event: issues\r\n" +
	"X-GitHub-Hook-ID: 292430182\r\nX-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c\r\n" +
	"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Request-ID: 0f2c7e1d\r\nAuthorization: Bearer abc.def.ghi\r\n\r\n{}"

func BenchmarkHeaders(b *testing.B) {
	var ctx fasthttp.RequestCtx
	require.NoError(b, ctx.Request.Read(bufio.NewReader(strings.NewReader(headersOfASender))))
	b.ReportAllocs()
	for b.Loop() {
		if err := refuseAmbiguous(&ctx); err != nil {
			b.Fatal(err)
		}
	}
}
