package idempotency_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/faultproxy"
	"maestro/internal/idempotency"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/repo"
)

// An answer that can't be stored while the database is unavailable is stored later.
// Until then no repeat runs the request again: neither on this server nor on
// another, although the lease could not be renewed.
func TestAnAnswerIsKeptOnceTheDatabaseIsBack(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	proxy, through, err := faultproxy.Postgres(url)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	const lease = 100 * time.Millisecond
	one := open(t, through, lease)
	t.Cleanup(proxy.Cut)
	direct, err := repo.Open(t.Context(), url, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(direct.Close)
	seal, err := vault.New([]byte("a key for tests"), vault.Answers)
	require.NoError(t, err)
	other := idempotency.New(direct, seal, idempotency.Options{Lease: lease, Grace: func() time.Duration { return time.Hour }}, testkit.Logger(t))

	claim := one.claims(t, request("k", "body"))
	proxy.Refuse(true)
	proxy.Cut()
	claim.Finish(t.Context(), answer("it has run"))
	claim.Release(t.Context()) // may be deferred: does nothing now
	_, repeated, err := one.Begin(t.Context(), request("k", "body"))
	require.NoError(t, err)
	require.Equal(t, "it has run", string(repeated.Body))
	require.Eventually(t, func() bool { // the lease is over
		var over bool
		return direct.Pool().QueryRow(t.Context(), "SELECT leased_until < now() FROM idempotency_keys").Scan(&over) == nil && over
	}, 20*time.Second, time.Millisecond)
	waiting := make(chan string, 1)
	go func() {
		second, repeated, err := other.Begin(context.Background(), request("k", "body"))
		switch {
		case err != nil:
			waiting <- err.Error()
		case second != nil:
			second.Release(context.Background())
			waiting <- "it would run again"
		default:
			waiting <- string(repeated.Body)
		}
	}()
	proxy.Refuse(false)
	require.Equal(t, "it has run", <-waiting)
}

// A claim that may have been granted when the database went away is given back.
func TestAKeyThatMayBeHeldIsGivenBack(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	proxy, through, err := faultproxy.Postgres(url)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	one, other := open(t, through, time.Hour), open(t, url, time.Hour)
	t.Cleanup(proxy.Cut)
	one.claims(t, request("warm", "body")) // the statement is prepared
	proxy.LoseReplies(true)
	_, _, err = one.Begin(t.Context(), request("k", "body"))
	require.ErrorContains(t, err, "nothing ran")
	proxy.LoseReplies(false)
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		claim, _, err := other.Begin(ctx, request("k", "body"))
		if err != nil {
			return false
		}
		claim.Release(t.Context())
		return true
	}, 20*time.Second, time.Millisecond)
}
