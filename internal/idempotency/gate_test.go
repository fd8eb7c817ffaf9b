package idempotency_test

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/idempotency"
	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/internal/vault"
	"maestro/repo"
)

// server is one of several on a database.
type server struct {
	*idempotency.Gate
	db *repo.DB
}

func setup(t *testing.T, lease time.Duration) (one, other server) {
	t.Helper()
	url := testkit.DatabaseURL(t)
	return open(t, url, lease), open(t, url, lease)
}

func open(t *testing.T, url string, lease time.Duration) server {
	t.Helper()
	db, err := repo.Open(t.Context(), url, repo.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	seal, err := vault.New([]byte("a key for tests"), vault.Answers)
	require.NoError(t, err)
	return server{idempotency.New(db, seal, idempotency.Options{Lease: lease}, testkit.Logger(t)), db}
}

func request(key, body string) idempotency.Request {
	return idempotency.Request{
		Tenant: "acme", Key: key, Fingerprint: sha256.Sum256([]byte(body)), ExecutionID: model.NewID(),
	}
}

func answer(body string) idempotency.Answer {
	return idempotency.Answer{
		Status: 201, Headers: [][2]string{{"Content-Type", "text/plain"}, {"Set-Cookie", "a"}, {"Set-Cookie", "b"}}, Body: []byte(body),
	}
}

// claims begins a request that is expected to run.
func (s server) claims(t *testing.T, r idempotency.Request) *idempotency.Claim {
	t.Helper()
	claim, repeated, err := s.Begin(t.Context(), r)
	require.NoError(t, err)
	require.Nil(t, repeated)
	require.NotNil(t, claim)
	t.Cleanup(func() { claim.Release(context.Background()) })
	return claim
}

func requireCode(t *testing.T, want model.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, model.CodeOf(err), err)
}

func TestRepeatsGetTheFirstAnswer(t *testing.T) {
	t.Parallel()
	one, other := setup(t, 0)
	first := request("k", "body")
	claim := one.claims(t, first)
	claim.Finish(t.Context(), answer("a secret's value"))
	claim.Release(t.Context()) // may be deferred: does nothing now
	want := answer("a secret's value")
	want.ExecutionID = first.ExecutionID
	for _, s := range []server{one, other} {
		claim, got, err := s.Begin(t.Context(), request("k", "body"))
		require.NoError(t, err)
		require.Nil(t, claim)
		require.Equal(t, &want, got)
		_, _, err = s.Begin(t.Context(), request("k", "another body"))
		requireCode(t, model.CodeKeyReused, err)
	}
	var stored []byte
	require.NoError(t, one.db.Pool().QueryRow(t.Context(), "SELECT answer FROM idempotency_keys").Scan(&stored))
	require.NotContains(t, string(stored), "secret")
	require.NotContains(t, string(stored), "Set-Cookie")
}

func TestKeysOfOtherScopesAndSubtenantsAreOthers(t *testing.T) {
	t.Parallel()
	one, _ := setup(t, 0)
	one.claims(t, request("k", "body"))
	for _, change := range []func(*idempotency.Request){
		func(r *idempotency.Request) { r.Key = "K" },
		func(r *idempotency.Request) { r.Tenant = "zenith" },
		func(r *idempotency.Request) { r.Scope = "public" },
		func(r *idempotency.Request) { r.Scope, r.Key = "publi", "ck" },
		func(r *idempotency.Request) { r.Key = "k\x00\xff" + strings.Repeat("long", 9999) },
	} {
		r := request("k", "body")
		change(&r)
		one.claims(t, r)
	}
}

func TestOneOfManyRuns(t *testing.T) {
	t.Parallel()
	one, other := setup(t, 0)
	var wg sync.WaitGroup
	var runs atomic.Int32
	answers := make(chan string, 24)
	for i := range 24 {
		wg.Go(func() {
			claim, repeated, err := []server{one, other}[i%2].Begin(t.Context(), request("k", "body"))
			switch {
			case err != nil:
				t.Errorf("begin: %v", err)
			case claim != nil:
				runs.Add(1)
				claim.Finish(t.Context(), answer("once"))
				answers <- "once"
			default:
				answers <- string(repeated.Body)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, runs.Load())
	require.Len(t, answers, 24)
	for range 24 {
		require.Equal(t, "once", <-answers)
	}
}

func TestRepeatDuringTheFirstRunWaits(t *testing.T) {
	t.Parallel()
	one, other := setup(t, 0)
	claim := one.claims(t, request("k", "body"))
	for _, s := range []server{one, other} {
		_, _, err := s.Begin(t.Context(), request("k", "another body"))
		requireCode(t, model.CodeKeyReused, err)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, _, err = s.Begin(ctx, request("k", "body"))
		cancel()
		requireCode(t, model.CodeKeyInUse, err)
		var coded *model.Error
		require.ErrorAs(t, err, &coded)
		require.Positive(t, coded.RetryAfter)
	}
	got := make(chan *idempotency.Answer, 2)
	for _, s := range []server{one, other} {
		go func() {
			_, repeated, _ := s.Begin(t.Context(), request("k", "body"))
			got <- repeated
		}()
	}
	claim.Finish(t.Context(), answer("late"))
	for range 2 {
		repeated := <-got
		require.NotNil(t, repeated)
		require.Equal(t, "late", string(repeated.Body))
	}
}

func TestFailedRunIsRunAgain(t *testing.T) {
	t.Parallel()
	one, other := setup(t, 0)
	for _, s := range []server{one, other} {
		claim := one.claims(t, request("k", "body"))
		again := make(chan *idempotency.Claim, 1)
		go func() {
			claim, _, _ := s.Begin(t.Context(), request("k", "body"))
			again <- claim
		}()
		claim.Finish(t.Context(), idempotency.Answer{Status: 503})
		second := <-again
		require.NotNil(t, second)
		require.Empty(t, second.Abandoned, "it was released")
		second.Release(t.Context())
	}
	one.claims(t, request("k", "another body"))
}

func TestKeysOfADeadServerAreTakenOver(t *testing.T) {
	t.Parallel()
	dead, other := setup(t, 100*time.Millisecond)
	first := request("k", "body")
	claim, _, err := dead.Begin(t.Context(), first)
	require.NoError(t, err)
	dead.db.Close() // it renews nothing any more
	second := other.claims(t, request("k", "body"))
	require.Equal(t, []model.ID{first.ExecutionID}, second.Abandoned)
	second.Finish(t.Context(), answer("second"))
	claim.Finish(t.Context(), answer("first, late"))
	_, repeated, err := other.Begin(t.Context(), request("k", "body"))
	require.NoError(t, err)
	require.Equal(t, "second", string(repeated.Body))
}

func TestLeaseIsRenewedWhileTheRequestRuns(t *testing.T) {
	t.Parallel()
	one, _ := setup(t, 400*time.Millisecond)
	leasedUntil := func() (until time.Time) {
		require.NoError(t, one.db.Pool().QueryRow(t.Context(), "SELECT leased_until FROM idempotency_keys").Scan(&until))
		return until
	}
	for range 2 { // the second time after a pause in which no key was held
		claim := one.claims(t, request("k", "body"))
		for range 2 {
			before := leasedUntil()
			require.Eventually(t, func() bool { return leasedUntil().After(before) }, 20*time.Second, 10*time.Millisecond)
		}
		claim.Release(t.Context())
	}
}

func TestRequestThatIsGivenUpHoldsNoKey(t *testing.T) {
	t.Parallel()
	one, _ := setup(t, 0)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := one.Begin(over, request("k", "body"))
	requireCode(t, model.CodeKeyInUse, err)
	one.claims(t, request("k", "body")).Release(t.Context())
	one.db.Close()
	_, _, err = one.Begin(t.Context(), request("k", "body"))
	require.Error(t, err)
}

// A request whose run may be stored is remembered by its repeats, however many
// of them come to nothing.
func TestSuspendedRequestsAreRemembered(t *testing.T) {
	t.Parallel()
	one, other := setup(t, 0)
	first, second, third := request("k", "body"), request("k", "body"), request("k", "body")
	one.claims(t, first).Suspend(t.Context())
	claim := other.claims(t, second)
	require.Equal(t, []model.ID{first.ExecutionID}, claim.Abandoned)
	claim.Release(t.Context())
	claim = one.claims(t, third)
	require.Equal(t, first.ExecutionID, claim.Abandoned[0], "a release forgets nothing but its own run")
	claim.Suspend(t.Context())
	claim.Release(t.Context()) // does nothing now
	require.Contains(t, other.claims(t, request("k", "body")).Abandoned, third.ExecutionID)
}
