package handlers

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// A line of the access log reads as slog's text handler would have written it,
// but for printable text beyond ASCII, which is quoted here.
func TestLogTextIsAsSlogWritesIt(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "/api/v1/h/hello", "a b", `a"b`, "a=b", "a\nb", "a\x7fb", "\xff"} {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key != "v" {
				return slog.Attr{}
			}
			return a
		}}))
		log.Info("", "v", text)
		require.Equal(t, out.String(), "v="+string(appendLogText(nil, []byte(text)))+"\n")
	}
}
