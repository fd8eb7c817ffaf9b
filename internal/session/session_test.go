package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/session"
	"maestro/internal/vault"
)

func keeper(t *testing.T, key string) *session.Keeper {
	t.Helper()
	k, err := session.New([]byte(key))
	require.NoError(t, err)
	return k
}

func TestSessionsAndTheirEnds(t *testing.T) {
	t.Parallel()
	k, now := keeper(t, "a key of the tests"), time.Date(2026, 11, 30, 4, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		expiry time.Time
		want   time.Duration
	}{
		{"a token without an end", time.Time{}, session.Longest},
		{"a token that is valid for long", now.AddDate(10, 0, 0), session.Longest},
		{"a token that ends soon", now.Add(time.Minute), time.Minute},
	} {
		made := session.Begin("the token", now, c.expiry)
		require.Equal(t, c.want, made.Until.Sub(now), c.name)
		text := k.Seal(made)
		require.NotContains(t, text, "token")
		require.NotEqual(t, text, k.Seal(made), "two sessions have the same text")

		opened, ok := keeper(t, "a key of the tests").Open(text, now.Add(c.want-time.Second))
		require.True(t, ok, c.name)
		require.Equal(t, "the token", opened.Token)
		_, ok = k.Open(text, now.Add(c.want))
		require.False(t, ok, "%s: it is over", c.name)
	}
}

func TestTextsThatAreNoSession(t *testing.T) {
	t.Parallel()
	k, now := keeper(t, "a key of the tests"), time.Now()
	text := k.Seal(session.Begin("the token", now, time.Time{}))
	other, err := vault.New([]byte("a key of the tests"), vault.Secrets)
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"nothing": "", "no base64": "§§§", "cut": text[:len(text)-4], "a changed bit": flip(text), "spaces around": " " + text + " ",
		"another key's": keeper(t, "another key").Seal(session.Begin("the token", now, time.Time{})),
		"a secret":      string(other.Seal("", "cookie", []byte("12345678the token"))),
		"long":          strings.Repeat("A", 100_000),
	} {
		_, ok := k.Open(bad, now)
		require.False(t, ok, name)
	}
	_, err = session.New(nil)
	require.ErrorContains(t, err, "SECRET_KEY is empty")
}

func flip(text string) string {
	changed := byte('A')
	if text[20] == 'A' {
		changed = 'B'
	}
	return text[:20] + string(changed) + text[21:]
}

func TestSessionOfTheLongestToken(t *testing.T) {
	t.Parallel()
	text := keeper(t, "a key of the tests").Seal(session.Begin(strings.Repeat("x", session.MaxToken), time.Now(), time.Time{}))
	require.Less(t, len("maestro_session=")+len(text), 4096-200, "room for the attributes")
}
