package process

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutputOfProcesses(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := &outputLog{log: slog.New(slog.NewTextHandler(&out, nil))}
	for _, part := range []string{"one\ntw", "o\n\nlevel=ERROR msg=", "forged\n"} {
		n, err := o.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[1], "text=two")
	require.Contains(t, lines[2], `text="level=ERROR msg=forged"`)
	out.Reset()
	_, _ = o.Write(bytes.Repeat([]byte("x"), 10<<20))
	require.Less(t, out.Len(), 2*outputRate)
}
