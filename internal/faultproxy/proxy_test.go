package faultproxy_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
)

// behind is a proxy before a server that sends back what it gets.
func behind(t *testing.T) (*faultproxy.Proxy, func() net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	p, err := faultproxy.New("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p, func() net.Conn {
		conn, err := net.Dial("tcp", p.Addr())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

func say(t *testing.T, conn net.Conn, text string) (string, error) {
	t.Helper()
	_, err := conn.Write([]byte(text))
	require.NoError(t, err)
	answer := make([]byte, len(text))
	n, err := io.ReadFull(conn, answer)
	return string(answer[:n]), err
}

func TestItForwardsAndCuts(t *testing.T) {
	t.Parallel()
	p, dial := behind(t)
	conn := dial()
	answer, err := say(t, conn, "hello")
	require.NoError(t, err)
	require.Equal(t, "hello", answer)
	p.Cut()
	_, err = io.ReadAll(conn)
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	require.Error(t, err)
	_, err = say(t, dial(), "again")
	require.NoError(t, err)

	p.CutHalfway(true)
	answer, err = say(t, dial(), "halfway")
	require.Error(t, err)
	require.LessOrEqual(t, len(answer), 3)
	p.CutHalfway(false)
	p.LoseReplies(true)
	answer, err = say(t, dial(), "deaf")
	require.Error(t, err)
	require.Empty(t, answer)
	p.LoseReplies(false)
	p.Refuse(true)
	conn = dial()
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
}

func TestItFreezesAndDelays(t *testing.T) {
	t.Parallel()
	p, dial := behind(t)
	conn := dial()
	p.Freeze()
	_, err := conn.Write([]byte("late"))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = conn.Read(make([]byte, 4))
	require.ErrorContains(t, err, "timeout", "while frozen nothing arrives")
	p.Thaw()
	require.NoError(t, conn.SetReadDeadline(time.Time{}))
	_, err = io.ReadFull(conn, make([]byte, 4))
	require.NoError(t, err)

	p.Delay(20 * time.Millisecond)
	began := time.Now()
	_, err = say(t, conn, "slow")
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond)
}
