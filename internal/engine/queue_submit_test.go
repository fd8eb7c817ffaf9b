package engine

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// picky is a store that does not take a run.
type picky struct {
	Pending
	err error
}

func (p picky) Enqueue(context.Context, model.QueuedRun) (bool, error) { return false, p.err }

// Whoever spawns is told why it can't be done, unless that is a matter of ours.
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
	db := b.opts.Pending
	for _, c := range []struct {
		err  error
		want string
	}{
		{model.NewError(model.CodeInvalid, "A value can't be stored."), "echo can't be spawned: A value can't be stored."},
		{model.NewError(model.CodeUnavailable, "The database is away."), "the run can't be queued at the moment"},
		{context.DeadlineExceeded, "the run can't be queued at the moment"},
	} {
		b.opts.Pending = picky{db, c.err}
		_, err := b.run(t, "spawns", "1")
		require.NoError(t, err)
		raise := <-raised
		require.Equal(t, model.RaiseEngine, raise.Kind)
		require.Equal(t, c.want, raise.Message)
	}
}
