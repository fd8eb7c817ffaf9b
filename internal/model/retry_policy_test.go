package model

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseRetryPolicy(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"", "null", " null "} {
		p, problems := ParseRetryPolicy(json.RawMessage(none))
		require.Nil(t, p)
		require.Empty(t, problems)
	}
	p, problems := ParseRetryPolicy(json.RawMessage(`{"max_attempts":5,"on":["ConnectionError"]}`))
	require.Empty(t, problems)
	require.Equal(t, &RetryPolicy{MaxAttempts: 5, BackoffSeconds: 1, MaxBackoffSeconds: 300, On: []string{"ConnectionError"}}, p)
	for bad, pointer := range map[string]string{
		`7`:                           "/retry",
		`{"attempts":1}`:              "/retry",
		`{"max_attempts":0}`:          "/retry/max_attempts",
		`{"max_attempts":101}`:        "/retry/max_attempts",
		`{"backoff_seconds":-1}`:      "/retry/backoff_seconds",
		`{"max_backoff_seconds":1e9}`: "/retry/max_backoff_seconds",
		`{"on":[""]}`:                 "/retry/on",
		`{"max_attempts":"3"}`:        "/retry/max_attempts",
		`{"max_attempts":1.5}`:        "/retry/max_attempts",
		`{"backoff_seconds":[]}`:      "/retry/backoff_seconds",
		`{"on":"ConnectionError"}`:    "/retry/on",
	} {
		_, problems := ParseRetryPolicy(json.RawMessage(bad))
		require.Len(t, problems, 1, bad)
		require.Equal(t, pointer, problems[0].Pointer, bad)
		require.NotContains(t, problems[0].Message, "Go ", "the words of the decoder")
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	var none *RetryPolicy
	_, again := none.Again(1, StatusFailed, "ValueError")
	require.False(t, again)

	p := &RetryPolicy{MaxAttempts: 5, BackoffSeconds: 2, MaxBackoffSeconds: 10}
	for attempt, longest := range map[int]time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second, 4: 10 * time.Second} {
		for range 50 {
			pause, again := p.Again(attempt, StatusFailed, "ValueError")
			require.True(t, again)
			require.GreaterOrEqual(t, pause, longest/2)
			require.LessOrEqual(t, pause, longest)
		}
	}
	for status, want := range map[Status]bool{
		StatusFailed: true, StatusTimedOut: true, StatusCrashed: true, StatusCancelled: false, StatusCompleted: false,
	} {
		_, again = p.Again(1, status, "")
		require.Equal(t, want, again, status)
	}
	_, again = p.Again(5, StatusFailed, "ValueError")
	require.False(t, again, "that was the last one")

	p.On = []string{"ConnectionError", "crashed"}
	_, again = p.Again(1, StatusFailed, "ValueError")
	require.False(t, again)
	_, again = p.Again(1, StatusFailed, "ConnectionError")
	require.True(t, again)
	_, again = p.Again(1, StatusCrashed, "")
	require.True(t, again)
}

func TestAgainKnowsAClassByItsBases(t *testing.T) {
	t.Parallel()
	refused := []string{"ConnectionRefusedError", "builtins.ConnectionRefusedError", "ConnectionError", "builtins.ConnectionError", "OSError", "builtins.OSError"}
	for on, want := range map[string]bool{
		"ConnectionRefusedError": true, "ConnectionError": true, "builtins.OSError": true, "failed": true,
		"ConnectionResetError": false, "requests.exceptions.ConnectionError": false, "connectionerror": false, "crashed": false,
	} {
		p := &RetryPolicy{MaxAttempts: 2, On: []string{"KeyError", on}}
		_, again := p.Again(1, StatusFailed, refused...)
		require.Equal(t, want, again, on)
	}
}
