package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// TestCarried: the same exception is described alike at each level, with a
// traceback that grows outwards; another one of the same words is not.
func TestCarried(t *testing.T) {
	t.Parallel()
	const inner = "Traceback (most recent call last):\n  File \"<g v1>\", line 2, in g\n    raise ValueError('no')\nValueError: no"
	const outer = "  File \"<f v1>\", line 3, in f\n    g(x)\n"
	failure := func(class, message, traceback string) *model.Failure {
		return &model.Failure{Kind: model.FailureException, Type: class, Message: message, Traceback: traceback}
	}
	grown := tracebackHeader + "\n" + outer + inner[len(tracebackHeader)+1:]
	for name, c := range map[string]struct {
		outer *model.Failure
		want  bool
	}{
		"as it was":              {failure("ValueError", "no", inner), true},
		"through a level":        {failure("ValueError", "no", grown), true},
		"with a note":            {failure("ValueError", "no", grown+"\na note"), true},
		"another class":          {failure("KeyError", "no", grown), false},
		"another message":        {failure("ValueError", "yes", grown), false},
		"raised anew elsewhere":  {failure("ValueError", "no", tracebackHeader+"\n"+outer+"ValueError: no"), false},
		"raised from the first":  {failure("ValueError", "no", inner+"\n\nThe above exception was the direct cause of the following exception:\n\n"+tracebackHeader+"\n"+outer+"ValueError: no"), false},
		"the middle is left out": {failure("ValueError", "no", tracebackHeader+"\n"+outer+"  … 9 more …\nValueError: no"), true},
	} {
		require.Equal(t, c.want, carried(failure("ValueError", "no", inner), c.outer), name)
	}
	require.False(t, carried(nil, failure("ValueError", "no", "")))
	require.True(t, carried(failure("OutputInvalid", "x", ""), failure("OutputInvalid", "x", grown)), "a refusal of the engine has no traceback of its own")
}

// TestEdits is about how far apart names are.
func TestEdits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"helpers", "helpers", 0}, {"helper", "helpers", 1}, {"helpres", "helpers", 2}, {"", "ab", 2}, {"kitten", "sitting", 3}} {
		require.Equal(t, c.want, edits(c.a, c.b, 9), "%s %s", c.a, c.b)
	}
	require.Greater(t, edits("a", "abcdefgh", 2), 2)
}
