package handlers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/handlers"
	"maestro/internal/model"
)

const asyncCount = `{"function_name":"count","mode":"async"}`

// abandon is what a server leaves behind that dies with a key: of a request of
// f's user to POST /executions with that body.
func (f *fixture) abandon(key, body string, id model.ID) {
	f.t.Helper()
	state, err := f.db.ClaimKey(f.t.Context(), handlers.ClaimOf("default", "members", "key:"+key,
		handlers.Fingerprint("POST", "/api/v1/executions", "user@example.com", body), id, 0)) // its lease is over
	require.NoError(f.t, err)
	require.True(f.t, state.Claimed)
}

func execution(key, body string, status int, want ...string) ask {
	return ask{name: key, call: "POST /api/v1/executions", body: body, header: []string{"Idempotency-Key: " + key}, status: status, want: want}
}

// A repeat of an asynchronous request whose server died is answered with the
// run that was accepted, or has that very run accepted.
func TestAsynchronousRequestsAreTakenOver(t *testing.T) {
	t.Parallel()
	f := setup(t) // its queue is not started
	f.function("count", countCode)
	accepted := must(model.ParseID(member(t, f.must(ask{call: "POST /api/v1/executions", body: asyncCount, status: 202}).text, "execution_id")))
	never := model.NewID()
	f.abandon("accepted", asyncCount, accepted)
	f.abandon("accepted late", asyncCount, model.NewID()) // the first came to nothing
	f.abandon("accepted late", asyncCount, accepted)
	f.abandon("accepted early", asyncCount, accepted)
	f.abandon("accepted early", asyncCount, model.NewID()) // a second server took over, and died too
	f.abandon("never", asyncCount, never)
	f.abandon("never", asyncCount, model.NewID())
	for key, id := range map[string]model.ID{"accepted": accepted, "accepted late": accepted, "accepted early": accepted, "never": never} {
		got := f.must(execution(key, asyncCount, 202, `"pending"`, id.String()))
		require.Equal(t, id.String(), got.Header.Get("X-Execution-ID"), key)
		again := f.must(execution(key, asyncCount, 202, id.String()))
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	}
	require.Equal(t, 2, f.runs("count"), "that of accepted, and of never")
}

// A result is found although several servers died: that of any of their runs.
func TestTheResultOfAnyAbandonedRunIsTheAnswer(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	const body = `{"function_name":"count"}`
	recorded := must(model.ParseID(f.must(ask{call: "POST /api/v1/executions", body: body, status: 200}).Header.Get("X-Execution-ID")))
	f.abandon("k", body, recorded)
	f.abandon("k", body, model.NewID())
	f.abandon("k", body, model.NewID())
	got := f.must(execution("k", body, 200, recorded.String(), `"result":1`))
	require.Equal(t, "true", got.Header.Get("Idempotent-Replayed"))
	require.Equal(t, 1, f.runs("count"))
}

// A result that can't be given again is no reason to run once more, and a record
// whose input was masked holds its result all the same.
func TestAResultThatIsNotRecordedWhole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.must(ask{call: "PUT /api/v1/secrets/KEY", body: `{"value":"swordfish-5678"}`, status: 204})
	f.function("count", countCode)
	f.function("long", "N = []\ndef long(input):\n    N.append(1)\n    return 'x' * 300_000")
	const body = `{"function_name":"long"}`
	lost := must(model.ParseID(f.must(ask{call: "POST /api/v1/executions", body: body, status: 200}).Header.Get("X-Execution-ID")))
	f.abandon("long", body, lost)
	for range 2 {
		require.Equal(t, lost.String(), f.must(execution("long", body, 409, "record_incomplete", "look the execution up")).Header.Get("X-Execution-ID"))
	}
	require.Equal(t, 1, f.runs("long"))
	const masked = `{"function_name":"count","input_data":"swordfish-5678"}`
	known := must(model.ParseID(f.must(ask{call: "POST /api/v1/executions", body: masked, status: 200}).Header.Get("X-Execution-ID")))
	f.abandon("masked", masked, known)
	f.must(execution("masked", masked, 200, known.String(), `"result":1`))
	require.Equal(t, 1, f.runs("count"))
}

// Not to know whether a request has run is no reason to run it.
func TestALookUpThatFailsRunsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	const body = `{"function_name":"count"}`
	recorded := must(model.ParseID(f.must(ask{call: "POST /api/v1/executions", body: body, status: 200}).Header.Get("X-Execution-ID")))
	accepted := must(model.ParseID(member(t, f.must(ask{call: "POST /api/v1/executions", body: asyncCount, status: 202}).text, "execution_id")))
	f.abandon("sync", body, recorded)
	f.abandon("async", asyncCount, accepted)
	rename := func(from, to string) {
		_, err := f.db.Pool().Exec(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
		require.NoError(t, err)
	}
	rename("executions", "elsewhere")
	for range 2 {
		require.NotEmpty(t, f.must(execution("sync", body, 503, "unavailable")).Header.Get("Retry-After"))
		f.must(execution("async", asyncCount, 503, "unavailable"))
	}
	rename("elsewhere", "executions")
	f.must(execution("sync", body, 200, recorded.String()))
	f.must(execution("async", asyncCount, 202, accepted.String()))
	require.Equal(t, 2, f.runs("count"))
}

// The database may have stored a run and the server not have heard of it.
func TestACommitWhoseFateIsUnknownIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.function("count", countCode)
	f.pending.lost.Store(true)
	got := f.must(execution("k", asyncCount, 202, `"pending"`))
	require.Equal(t, 1, f.runs("count"))
	again := f.must(execution("k", asyncCount, 202, got.Header.Get("X-Execution-ID")))
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.Equal(t, 1, f.runs("count"))

	// Without a key too: the server finds out, instead of having its caller send
	// the run again.
	f.pending.lost.Store(true)
	f.must(ask{call: "POST /api/v1/executions", body: asyncCount, status: 202})
	require.Equal(t, 2, f.runs("count"))

	// So does a repeat that finds nothing yet, tries, and loses the answer too.
	id := model.NewID()
	f.abandon("late", asyncCount, id)
	f.pending.lost.Store(true)
	f.must(execution("late", asyncCount, 202, id.String()))
	require.Equal(t, 3, f.runs("count"))
	require.NoError(t, f.queue.Start(t.Context()))
	f.becomes(id.String(), "completed")
	require.Eventually(t, func() bool { return f.count("status = 'completed'") == 3 }, 20*time.Second, 20*time.Millisecond)
}
