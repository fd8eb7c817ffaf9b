package idempotency

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzDecodeAnswer(f *testing.F) {
	full := Answer{Headers: [][2]string{{"A", "b"}}, Body: []byte("body")}
	f.Add(full.encode())
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, all []byte) {
		first, err := decode(all)
		if err != nil {
			return
		}
		second, err := decode(first.encode())
		require.NoError(t, err)
		require.Equal(t, first, second)
	})
}
