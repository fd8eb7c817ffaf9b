package embed

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestCompilerThatIsStuckIsReplaced(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{CompileLimit: 20 * time.Millisecond})
	hang := make(chan struct{})
	fakeHangs.Store("endless", hang)
	_, err := h.Compile(t.Context(), "f", 1, "endless")
	require.Equal(t, model.CodeInvalid, model.CodeOf(err))
	eventually(t, func() bool { return h.Stats().InterpretersLeaked == 1 }, "it counts as leaked")
	p, err := h.Compile(t.Context(), "f", 2, "code")
	require.NoError(t, err)
	require.Equal(t, "code", string(p.Code))
	close(hang)
	eventually(t, func() bool { return h.Stats().InterpretersLeaked == 0 }, "until it comes to an end")
}

func TestCompileEndsWithItsContext(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{})
	hang := make(chan struct{})
	fakeHangs.Store("slow", hang)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := h.Compile(ctx, "f", 1, "slow")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(hang)
	_, err = h.Compile(t.Context(), "f", 1, "code")
	require.NoError(t, err)
}

func TestWarmPoolIsFilled(t *testing.T) {
	t.Parallel()
	h := startFake(t, Options{WarmPool: 3})
	eventually(t, func() bool { return h.Stats().InterpretersWarm == 3 }, "it is filled at the start")
	_, err := run(t.Context(), h, "a", fakeProgram(echo), "1")
	require.NoError(t, err)
	eventually(t, func() bool { s := h.Stats(); return s.InterpretersWarm == 3 && s.InterpretersCreated == 4 }, "and again")
	cold := startFake(t, Options{WarmPool: -1})
	_, err = run(t.Context(), cold, "a", fakeProgram(echo), "1")
	require.NoError(t, err)
	require.Equal(t, 1, cold.Stats().InterpretersCreated)
}

func TestHintsAreReadByTheCompiler(t *testing.T) {
	t.Parallel()
	h := startPython(t, Options{})
	for _, test := range []struct{ name, source, input, output string }{
		{"both", "def f(input: int) -> list[str]: ...", `{"type": "integer"}`, `{"type": "array", "items": {"type": "string"}}`},
		{"none", "def f(input): ...", "", ""},
		{"one", "async def f(input) -> bool: ...", "", `{"type": "boolean"}`},
		{"a default that is no JSON", "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: float = 1e999\ndef f(input: A): ...",
			`{"type": "object", "properties": {"x": {"type": "number"}}}`, ""},
	} {
		hints, err := h.Hints(t.Context(), "f", test.source)
		require.NoError(t, err, test.name)
		require.Equal(t, test.input == "", hints.Input == nil, test.name)
		if test.input != "" {
			require.JSONEq(t, test.input, string(hints.Input), test.name)
		}
		require.Equal(t, test.output == "", hints.Output == nil, test.name)
		if test.output != "" {
			require.JSONEq(t, test.output, string(hints.Output), test.name)
		}
	}
}
