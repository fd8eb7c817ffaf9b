package connection

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
)

// A client that sends its whole body before it reads gets the 413, although
// the server has refused the body without reading it.
func TestTheAnswerToARefusedBodyArrives(t *testing.T) {
	t.Parallel()
	server := &fasthttp.Server{MaxRequestBodySize: 1 << 10, Handler: func(*fasthttp.RequestCtx) {}, ConnState: NoteState, ErrorHandler: func(ctx *fasthttp.RequestCtx, err error) {
		require.ErrorIs(t, err, fasthttp.ErrBodyTooLarge)
		ctx.SetStatusCode(fasthttp.StatusRequestEntityTooLarge)
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve((&Tracker{HeadTime: time.Second}).Listener(l)) }()
	t.Cleanup(func() {
		require.NoError(t, server.Shutdown())
		require.NoError(t, <-ended)
	})
	for range 20 {
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		const size = 4 << 20
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
		require.NoError(t, err, "the whole body can be sent")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
		require.NoError(t, conn.Close())
	}
}
