package snippet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestComparisonOfOutputs(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{
		{"a  b\n", "a b"},
		{"✓ f v1  1.2 ms  12%", "✓ f v1  980 µs   3%"},
		{"execution 0190a1b2-0000-7000-8000-000000000000", "execution 01a22a07-0139-728f-8fb9-581e0a78acdf"},
		{"at 2026-11-30T01:17:12.084512Z", "at 2027-01-02T00:00:00Z"},
		{"head\n…\ntail", "head\na\nb\ntail"},
		{"head\n…\ntail\n…", "head\ntail"},
		{"pid … ended", "pid 17 ended"},
		{`{"a": 1, "b": "…"}`, `{"b":[2],"a":1}`},
		{`{"a": 1, "…": "…"}`, `{"b":[2],"a":1}`},
		{`{"at": "2026-11-30T01:17:12Z"}`, `{"at":"2027-11-30T01:17:13Z"}`},
		{`{"duration_ms": 1.5}`, `{"duration_ms": 2}`},
	} {
		require.NoError(t, Compare(same[0], same[1]))
	}
	for _, other := range [][2]string{
		{"a", "b"},
		{"a", "a\nb"},
		{"pid … ended", "pid\n17 ended"},
		{"f v1", "f v2"},
		{`{"a": 1}`, `{"a": 1, "b": 2}`},
		{`{"a": 1, "b": 2}`, `{"a": 1}`},
		{`[1]`, `[1, 2]`},
		{`{"a": "x"}`, `{"a": 1}`},
	} {
		require.Error(t, Compare(other[0], other[1]), other)
	}
}
