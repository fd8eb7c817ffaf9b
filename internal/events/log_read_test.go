package events

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// slowStore takes longer for a batch than a Read waits for a Redis that is away.
type slowStore struct{ store }

func (s slowStore) write(ctx context.Context, batch []item) (written int, err error) {
	time.Sleep(2 * awayWait) // a busy machine
	return s.store.write(ctx, batch)
}

// A log is read whole although writing it takes long, as long as it is written at all.
func TestALogIsWholeHoweverSlowlyItIsWritten(t *testing.T) {
	t.Parallel()
	bus := NewEmbedded(Options{})
	bus.store = slowStore{bus.store}
	closing(t, bus)
	id := model.NewID()
	bus.Publish(line(id, "one"))
	_, total, err := bus.Read(t.Context(), id, "", 0)
	require.NoError(t, err)
	require.Zero(t, total, "not before the bus is started")
	require.NoError(t, bus.Start(t.Context()))
	_, total, err = bus.Read(t.Context(), id, "", 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, total)
}
