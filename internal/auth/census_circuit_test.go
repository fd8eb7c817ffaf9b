package auth

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCircuit(t *testing.T) {
	t.Parallel()
	var c circuit
	now := time.Unix(1000, 0)
	enter := func() pass {
		t.Helper()
		p, wait := c.enter(now)
		require.Zero(t, wait)
		return p
	}
	refused := func(want time.Duration) {
		t.Helper()
		_, wait := c.enter(now)
		require.Equal(t, want, wait)
	}

	early := enter()
	enter().failed(now, 0)
	enter().failed(now, 0)
	enter().answered() // an answer in between starts the count anew
	for range failuresToOpen {
		enter().failed(now, 0)
	}
	refused(time.Second)
	early.failed(now, 0) // it was under way when the circuit opened
	refused(time.Second)

	now = now.Add(time.Second)
	probe := enter()
	refused(shortestPause) // one probe at a time
	probe.failed(now, 0)
	refused(2 * time.Second)

	now = now.Add(2 * time.Second)
	enter().abandoned() // no news, and the next one may probe
	enter().failed(now, 0)
	refused(4 * time.Second)

	for range 5 {
		now = now.Add(longestPause)
		enter().failed(now, 0)
	}
	refused(longestPause)

	now = now.Add(longestPause)
	enter().answered()
	enter().failed(now, 0)
	enter().answered() // closed: one failure is none
}

func TestCircuitHeedsCensus(t *testing.T) {
	t.Parallel()
	var c circuit
	now := time.Unix(1000, 0)
	p, _ := c.enter(now)
	p.failed(now, 20*time.Second)
	_, wait := c.enter(now)
	require.Equal(t, 20*time.Second, wait, "one Retry-After opens the circuit")
	p, wait = c.enter(now.Add(20 * time.Second))
	require.Zero(t, wait)
	p.failed(now, time.Hour)
	_, wait = c.enter(now)
	require.Equal(t, longestAsked, wait, "but not for as long as it likes")
}

func TestCacheNeverOutlivesTheToken(t *testing.T) {
	t.Parallel()
	var c cache
	now := time.Unix(1000, 0)
	p := &Principal{Subject: "u"}
	found := func(after time.Duration) bool {
		p, _ := c.get(tokenHash{}, now.Add(after))
		return p != nil
	}
	c.put(tokenHash{}, p, 0, now, now.Add(10*time.Second))
	require.True(t, found(9*time.Second))
	require.False(t, found(10*time.Second))
	c.put(tokenHash{}, p, 0, now, now.Add(time.Hour))
	require.True(t, found(59*time.Second))
	require.False(t, found(60*time.Second))
	c.put(tokenHash{}, p, 0, now, time.Time{})
	require.True(t, found(59*time.Second))
	require.False(t, found(60*time.Second))

	_, generation := c.get(tokenHash{1}, now)
	c.forget("another user")
	require.True(t, found(0))
	c.put(tokenHash{1}, p, generation, now, time.Time{})
	p, _ = c.get(tokenHash{1}, now)
	require.Nil(t, p, "an answer from before a forget is not kept")
	c.forget("u")
	require.False(t, found(0))
}

// Reading the claims of any token does not panic, and an expiry that is read is a
// valid time.
func FuzzCensusRead(f *testing.F) {
	f.Add("e30.eyJleHAiOjE3MDAwMDAwMDAsInN1YnRlbmFudF9pZCI6ImEifQ.x")
	f.Add("e30.eyJleHAiOiJub3ciLCJzdWJ0ZW5hbnRfaWQiOjd9.x")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c := NewCensus(nil)
		expiry, tenant := c.read(token)
		again, same := c.read(token)
		require.True(t, expiry.Equal(again))
		require.Equal(t, tenant, same)
	})
}

func TestCensusRead(t *testing.T) {
	t.Parallel()
	expiry, tenant := NewCensus(nil).read("e30.eyJleHAiOjE3MDAwMDAwMDAsInN1YnRlbmFudF9pZCI6ImEiLCJhdWQiOjd9.x")
	require.Equal(t, int64(1700000000), expiry.Unix())
	require.Equal(t, "a", tenant)
	expiry, tenant = NewCensus(nil).read("e30.eyJleHAiOiJub3ciLCJzdWJ0ZW5hbnRfaWQiOjd9.x")
	require.True(t, expiry.IsZero())
	require.Empty(t, tenant)
}
