package testkit

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := DB(t), DB(t)
	_, err := first.EnsureSubtenant(t.Context(), "acme")
	require.NoError(t, err)
	_, err = second.Subtenant(t.Context(), "acme")
	require.Error(t, err, "the other database knows nothing of it")
}

func TestRedisAnswers(t *testing.T) {
	t.Parallel()
	url, prefix := Redis(t)
	require.Equal(t, "TestRedisAnswers:", prefix)
	conn, err := net.Dial("unix", strings.TrimPrefix(url, "unix://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("PING\r\n"))
	require.NoError(t, err)
	answer, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "+PONG\r\n", answer)
}

func TestKitHomeHoldsAPython(t *testing.T) {
	t.Parallel()
	require.FileExists(t, KitHome(t)+"/lib/libpython3.14.so.1.0")
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	require.Equal(t, "postgres://u@/other?host=%2Fa%2Fb", withDatabase("postgres://u@/one?host=%2Fa%2Fb", "other"))
}
