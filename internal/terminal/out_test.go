package terminal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTables(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	o := &Out{Writer: &b}
	o.Table([]string{"NAME", "TEXT"}, [][]Cell{{{Text: "é"}, {Text: "two\nlines \x1b[2J"}}, {{Text: "longer"}, {}}}, "none")
	require.Equal(t, "NAME    TEXT\né       two lines \uFFFD[2J\nlonger  \n", b.String())
	b.Reset()
	o.Table([]string{"NAME"}, nil, "none")
	require.Equal(t, "none\n", b.String())
	b.Reset()
	(&Out{Writer: &b, Width: 20, Colour: true}).Table([]string{"A", "B"}, [][]Cell{{{Text: "1", Style: Green}, {Text: strings.Repeat("x", 40)}}}, "")
	require.Contains(t, b.String(), "\x1b[32m1\x1b[0m  "+strings.Repeat("x", 16)+"…\n")
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for ms, want := range map[float64]string{0.05: "50 µs", 1.25: "1.2 ms", 250: "250 ms", 1500: "1.5 s", 125_000: "2 min 5 s"} {
		require.Equal(t, want, Milliseconds(ms))
	}
	require.Equal(t, "ab…", Cut("abcd", 3))
	require.Equal(t, "a\n\tb\uFFFD", Lines("a\n\tb\r"))
}
