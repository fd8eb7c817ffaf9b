package engine

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// picky is a store that does not take a run.
type picky struct {
	Queue
	err error
}

func (p picky) Enqueue(context.Context, model.QueuedRun) error { return p.err }

// The function that spawns is told why it can't be done, unless that is a fault of
// the server.
func TestWhySpawnIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	raised := make(chan *model.Raise, 1)
	b.lane.functions["spawns"] = func(_ context.Context, call model.Call, _ model.StepRef, input json.RawMessage) (json.RawMessage, *model.Failure) {
		_, raise := call.Host.Spawn("echo", input, 0)
		raised <- raise
		return json.RawMessage("1"), nil
	}
	b.define(t, "spawns", model.Function{Code: "spawns"})
	db := b.opts.Queue
	for _, c := range []struct {
		err  error
		want string
	}{
		{model.NewError(model.CodeInvalid, "A value can't be stored."), "echo can't be spawned: A value can't be stored."},
		{model.NewError(model.CodeUnavailable, "The database is away."), "the run can't be queued at the moment"},
		{context.DeadlineExceeded, "the run can't be queued at the moment"},
	} {
		b.opts.Queue = picky{db, c.err}
		_, err := b.run(t, "spawns", "1")
		require.NoError(t, err)
		raise := <-raised
		require.Equal(t, model.RaiseEngine, raise.Kind)
		require.Equal(t, c.want, raise.Message)
	}
}

// forgetful stores a run and loses the answer, as often as it is told.
type forgetful struct {
	Queue
	loses, tries int
}

func (f *forgetful) Enqueue(ctx context.Context, run model.QueuedRun) error {
	f.tries++
	err := f.Queue.Enqueue(ctx, run)
	if f.tries <= f.loses {
		return model.NewError(model.CodeUnavailable, "The database is away.")
	}
	return err
}

// A run whose commit may have been made is stored once, and said to be.
func TestARunIsStoredOnceWhenTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lossy := &forgetful{Queue: b.opts.Queue, loses: 2}
	b.opts.Queue = lossy
	wait := b.opts.SubmitWait
	b.opts.SubmitWait = time.Minute // for a slow machine
	request := RunRequest{Tenant: "acme", Function: "echo", Input: json.RawMessage("1"), Trigger: model.TriggerManual}
	id, err := b.Submit(t.Context(), request, Later{})
	require.NoError(t, err)
	require.Equal(t, 3, lossy.tries)
	stored, err := b.db.Execution(t.Context(), "acme", id)
	require.NoError(t, err)
	require.Equal(t, model.StatusPending, stored.Status)

	b.opts.SubmitWait = wait
	lossy.loses = 1 << 30 // it stays away: the caller is not told to send it again
	id, err = b.Submit(t.Context(), request, Later{})
	var coded *model.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, model.CodeUnavailable, coded.Code)
	require.Equal(t, model.NoRetry, coded.RetryAfter)
	require.Equal(t, id, coded.ExecutionID)
	require.NotContains(t, coded.Detail, "nothing ran")

	b.opts.Queue = picky{lossy.Queue, model.NewError(model.CodeInvalid, "It can't be stored.")}
	id, err = b.Submit(t.Context(), request, Later{})
	require.Error(t, err)
	require.True(t, id.IsZero(), "it is not stored")
}
