package model

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIDsOfSpans(t *testing.T) {
	t.Parallel()
	const golden = 0x9e3779b97f4a7c15
	for _, id := range []uint64{1, 1 << 63, 0xb7ad6b7169203331, -golden & (1<<64 - 1)} {
		span := Span{Trace: [16]byte{15: 1}, Flags: FlagSampled}
		binary.BigEndian.PutUint64(span.ID[:], id)
		seen := map[[8]byte]StepRef{}
		for step := range StepRef(10_000) {
			of := span.Of(step)
			require.NotEqual(t, [8]byte{}, of, "%x %d", id, step)
			seen[of] = step
		}
		require.Len(t, seen, 10_000, "%x", id)
		require.Zero(t, seen[span.ID], "it is that of the run")
	}
}

func TestTraceParentsOfSpans(t *testing.T) {
	t.Parallel()
	span := Span{}
	require.Empty(t, span.TraceParent(0))
	require.Empty(t, span.TraceParent(1))
	require.False(t, span.Traced())
	span = Span{Trace: [16]byte{0xab, 15: 1}, ID: [8]byte{0xcd, 7: 2}, Flags: 2}
	require.Equal(t, "00-ab000000000000000000000000000001-cd00000000000002-00", span.TraceParent(0))
	span.Flags |= FlagSampled
	require.Equal(t, "00-ab000000000000000000000000000001-cd00000000000002-01", span.TraceParent(0))
	first := span.TraceParent(1)
	require.Equal(t, "00-ab000000000000000000000000000001-", first[:36])
	require.NotEqual(t, span.TraceParent(0), first)
	require.Equal(t, first, (&Span{Trace: span.Trace, ID: span.ID, Flags: 1}).TraceParent(1), "it needs no parent")
}
