package engine

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueuedInputsKeepWhatMustNotBeShown(t *testing.T) {
	t.Parallel()
	for _, input := range []string{`{}`, `null`, ` [1]`, `"\u0000"`} {
		for _, sensitive := range [][]string{nil, {"a"}, {"session=\x000123", "é\"\xe2\x28", ""}} {
			packed, err := packInput(json.RawMessage(input), sensitive)
			require.NoError(t, err)
			back, values, err := unpackInput(packed)
			require.NoError(t, err)
			require.Equal(t, input, string(back))
			require.Len(t, values, len(sensitive))
		}
	}
	packed, err := packInput(json.RawMessage(`1`), []string{"session=0123", "0123"})
	require.NoError(t, err)
	_, values, err := unpackInput(packed)
	require.NoError(t, err)
	require.Equal(t, []string{"session=0123", "0123"}, values)
	for cut := 1; cut < len(packed)-1; cut++ {
		_, _, err = unpackInput(packed[:cut])
		require.Error(t, err)
	}
	old, values, err := unpackInput([]byte(`{"from":"before"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"from":"before"}`, string(old))
	require.Empty(t, values)
}

func FuzzUnpackInput(f *testing.F) {
	f.Add([]byte("\x00\x02[]{}"))
	f.Add([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		input, sensitive, err := unpackInput(packed)
		if err != nil || len(sensitive) == 0 {
			return
		}
		again, err := packInput(input, sensitive)
		require.NoError(t, err)
		back, values, err := unpackInput(again)
		require.NoError(t, err)
		require.Equal(t, string(input), string(back))
		require.Equal(t, sensitive, values)
	})
}
