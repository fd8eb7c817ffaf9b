package scheduler_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/scheduler"
)

func TestPresenceStartsAndStopsInAnyOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		id, _, err := db.RegisterServer(t.Context(), "this process", model.NewID().String())
		require.NoError(t, err)
		return scheduler.NewPresence(scheduler.PresenceOptions{DB: db, Server: id, Log: testkit.Logger(t), OnLost: func() {}})
	})
}
