package tracing

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func FuzzTraceParent(f *testing.F) {
	for _, text := range []string{"", parent, " " + parent, parent + "-x", "01" + parent[2:] + "-x", strings.ToUpper(parent), parent[:54]} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parse(text)
		if !ok {
			require.Zero(t, r)
			return
		}
		span := model.Span{Trace: r.trace, ID: r.span, Flags: r.flags}
		again := span.TraceParent(0)
		require.Equal(t, strings.TrimSpace(text)[2:53], again[2:53])
		second, ok := parse(again)
		require.True(t, ok)
		require.Equal(t, r.flags&model.FlagSampled, second.flags)
	})
}
