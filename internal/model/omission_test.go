package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLineOfAnOmission(t *testing.T) {
	t.Parallel()
	require.Equal(t, "12,345 lines (3.4 MB) left out: more than 1 MB/s", Omission{Lines: 12345, Bytes: 3_400_000}.Line().Text)
	require.Equal(t, "1 line (0.1 MB) left out: more than 1 MB/s", Omission{Lines: 1, Bytes: 65_536}.Line().Text)
	require.Contains(t, Omission{Lines: 1_234_567}.Line().Text, "1,234,567 lines")
	require.Contains(t, Omission{Lines: 999}.Line().Text, "999 lines")
}
