package vault

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

var secretKey = []byte("0123456789abcdef0123456789abcdef")

func setup(t testing.TB, purpose Purpose) *Vault {
	t.Helper()
	v, err := New(secretKey, purpose)
	require.NoError(t, err)
	return v
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	v := setup(t, Secrets)
	for _, plaintext := range []string{"", "x", "sk-live-\x00é", string(make([]byte, 1<<20))} {
		sealed := v.Seal("company-a", "KEY", []byte(plaintext))
		require.Len(t, sealed, 1+12+len(plaintext)+16)
		opened, err := v.Open("company-a", "KEY", sealed)
		require.NoError(t, err)
		require.Equal(t, plaintext, string(opened))
	}
	require.NotEqual(t, v.Seal("a", "b", nil), v.Seal("a", "b", nil), "the nonce is random")
}

// A value sealed by an earlier build opens in every later one. It was made by
// another implementation (OpenSSL, through Python) of the format above.
func TestFormatIsKept(t *testing.T) {
	t.Parallel()
	sealed, err := hex.DecodeString("01000102030405060708090a0b28364e964378bbecb232d7ec8a2ddd552d66589ee54026d7f71fd38717fbb1")
	require.NoError(t, err)
	opened, err := setup(t, Secrets).Open("company-a", "KEY", sealed)
	require.NoError(t, err)
	require.Equal(t, "hunter2-hunter2", string(opened))
}

func TestOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	v := setup(t, Secrets)
	sealed := v.Seal("company-a", "KEY", []byte("hunter2"))
	for _, place := range [][2]string{{"company-b", "KEY"}, {"company-a", "KEYS"}, {"company-", "aKEY"}, {"company-aKEY", ""}, {"", ""}} {
		_, err := v.Open(place[0], place[1], sealed)
		require.ErrorIs(t, err, ErrNotOpened, place)
	}
	_, err := setup(t, Inputs).Open("company-a", "KEY", sealed)
	require.ErrorIs(t, err, ErrNotOpened, "another purpose")
	other, err := New([]byte("another key, another key, another"), Secrets)
	require.NoError(t, err)
	_, err = other.Open("company-a", "KEY", sealed)
	require.ErrorIs(t, err, ErrNotOpened, "another SECRET_KEY")
	_, err = New(nil, Secrets)
	require.Error(t, err)
}

func TestDamageIsSeen(t *testing.T) {
	t.Parallel()
	v := setup(t, Secrets)
	sealed := v.Seal("a", "b", []byte("hunter2"))
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		_, err := v.Open("a", "b", damaged)
		require.ErrorIs(t, err, ErrNotOpened, "byte %d", i)
		_, err = v.Open("a", "b", sealed[:i])
		require.ErrorIs(t, err, ErrNotOpened, "the first %d bytes", i)
	}
}

func FuzzOpen(f *testing.F) {
	v := setup(f, Secrets)
	f.Add([]byte{})
	f.Add([]byte{version})
	f.Add(v.Seal("other", "place", []byte("hunter2")))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		_, err := v.Open("a", "b", sealed)
		require.ErrorIs(t, err, ErrNotOpened)
	})
}
