package connection

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The end of headers is found at the same byte in reads of every size.
func TestHeadersThatEndInLFAlone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want error
	}{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
		{"\r\n\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\na\n\nb", nil},
		{"GET / HTTP/1.1\nHost: a\r\n\r\n", nil},
		{"GET / HTTP/1.1\r\nHost: a\r\n", nil},
		{"\n\n", nil},
		{"GET / HTTP/1.1\nHost: a\n\n", ErrBareLF},
		{"GET / HTTP/1.1\r\nHost: a\r\n\n", ErrBareLF},
		{"GET / HTTP/1.1\r\nHost: a\n\r\n", ErrBareLF},
		{"\nGET / HTTP/1.1\n\n", ErrBareLF},
		{"\x16\x03\x01", ErrTLS},
	} {
		for size := 1; size <= len(test.text); size++ {
			var h head
			for i := 0; i < len(test.text); i += size {
				h.follow([]byte(test.text[i:min(i+size, len(test.text))]), i == 0)
			}
			require.ErrorIs(t, h.fault, test.want, "%q in reads of %d bytes", test.text, size)
		}
	}
	var h head
	h.follow([]byte("POST / HTTP/1.1\r\n\r\n"), true)
	h.follow([]byte(strings.Repeat("\n", 10)), false)
	require.NoError(t, h.fault, "a body is not looked at")
}
