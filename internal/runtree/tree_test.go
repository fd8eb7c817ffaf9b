package runtree

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/terminal"
)

func ms(f float64) *float64 { return &f }

func text(s string) *string { return &s }

// invoice is an execution with two levels of calls, the last of which fails.
func invoice() (*Execution, []Step) {
	e := &Execution{ID: "1", Function: "invoice", Version: 3, Status: "failed", ErrorType: "ValueError", Error: "bad\ntotal \x1b[31m", DurationMS: ms(20), Attempt: 2, Input: json.RawMessage(`{"n": 1}`), Output: json.RawMessage("null")}
	return e, []Step{
		{ID: "old", Attempt: 1, Function: "first_attempt", Status: "completed"},
		{ID: "a", Attempt: 2, Function: "fetch", Version: 1, Status: "completed", DurationMS: ms(10), Input: json.RawMessage("1"), Output: json.RawMessage(`"text"`)},
		{ID: "b", Attempt: 2, Parent: text("a"), Function: "parse", Version: 1, Status: "completed", DurationMS: ms(0.25), Input: json.RawMessage("2"), Output: json.RawMessage("[]")},
		{ID: "c", Attempt: 2, Function: "check", Version: 2, Status: "failed", ErrorType: "ValueError", Error: "bad total", DurationMS: ms(5)},
		{ID: "d", Attempt: 2, Parent: text("c"), Function: "look", Version: 1, Status: "running"},
	}
}

func shown(write func(*terminal.Out)) string {
	var b strings.Builder
	write(&terminal.Out{Writer: &b})
	return b.String()
}

func TestTreeOfAnExecution(t *testing.T) {
	t.Parallel()
	e, steps := invoice()
	got := shown(func(o *terminal.Out) { Show(o, Build(e, steps), false) })
	require.Equal(t, `✗ invoice v3  20.0 ms  ValueError: bad total `+"\uFFFD"+`[31m
├─ ✓ fetch v1  10.0 ms  50%
│  └─ ✓ parse v1  250 µs  1%
└─ ✗ check v2  5.0 ms  25%  ValueError: bad total
   └─ … look v1  running
`, got)
	got = shown(func(o *terminal.Out) { Show(o, Build(e, steps), true) })
	require.Contains(t, got, "├─ ✓ fetch v1  10.0 ms  50%\n│  │ in  1\n│  │ out \"text\"\n│  └─ ✓ parse v1")
	var coloured strings.Builder
	Show(&terminal.Out{Writer: &coloured, Colour: true, Width: 80}, Build(e, steps), false)
	require.Contains(t, coloured.String(), "\x1b[32m✓\x1b[0m")
}

func TestComparisonOfExecutions(t *testing.T) {
	t.Parallel()
	e, steps := invoice()
	a := Build(e, steps)
	require.True(t, Compare(a, a).Same())
	other, _ := invoice()
	other.Status, other.ErrorType, other.Error, other.DurationMS, other.Input = "completed", "", "", ms(10), json.RawMessage(`{"n":1}`)
	b := Build(other, []Step{
		{ID: "a", Attempt: 2, Function: "fetch", Version: 1, Status: "completed", DurationMS: ms(5), Input: json.RawMessage("1"), Output: json.RawMessage(`"other"`)},
		{ID: "n", Attempt: 2, Function: "extra", Version: 1, Status: "completed", DurationMS: ms(1)},
		{ID: "c", Attempt: 2, Function: "check", Version: 2, Status: "completed", DurationMS: ms(5)},
		{ID: "d", Attempt: 2, Parent: text("c"), Function: "look", Version: 1, Status: "running"},
	})
	pair := Compare(a, b)
	require.False(t, pair.Same())
	require.Equal(t, []string{"status", "error"}, pair.Differences, "spaces in JSON are no difference")
	got := shown(func(o *terminal.Out) { ShowComparison(o, pair) })
	for _, want := range []string{
		"~ invoice  20.0 ms → 10.0 ms  ×0.50", "├─ ~ fetch  10.0 ms → 5.0 ms", "output   A  \"text\"", "B  \"other\"", "│  └─ - parse  250 µs → —", "├─ + extra  — → 1.0 ms", "└─ ~ check", "   └─ = look  — → —",
	} {
		require.Contains(t, got, want)
	}
	require.Len(t, align(make([]*Node, 0), []*Node{a}), 1)
	var many []*Node
	for range 3000 {
		many = append(many, &Node{Function: "f"})
	}
	require.Len(t, align(many, many[1:]), 3000)
}
