package repo_test

import (
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

func init() {
	maps.Copy(serverWide, map[string]string{
		"GiveUpDeliveriesBefore": "settles a restored database, before a server uses it",
		"DeleteSignalsBefore":    "settles a restored database, before a server uses it",
		"DeleteProblems":         "settles a restored database, before a server uses it",
		"CancelWaiting":          "settles a restored database, before a server uses it",
		"SwitchSchedulesOff":     "settles a restored database, before a server uses it",
	})
}

// restored is a database with a message, a signal, a problem, a waiting run and one that
// a server has claimed.
func restored(t *testing.T) (db *repo.DB, conn *pgx.Conn, waiting, claimed model.ID) {
	t.Helper()
	url := testkit.DatabaseURL(t)
	db, err := repo.Open(t.Context(), url, repo.Options{Name: t.Name()})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	conn, err = pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	watched(t, db, "acme", nil)
	populateAlerts(t, db, "acme", "f", model.NewID())
	server, _, err := db.RegisterServer(t.Context(), "test", t.Name())
	require.NoError(t, err)
	first, second := newQueued("acme", "f"), newQueued("acme", "f")
	require.NoError(t, db.Enqueue(t.Context(), nil, first))
	_, err = db.ClaimRuns(t.Context(), server, repo.Limits{Room: 10, PerTenant: 10, PerFunction: 10})
	require.NoError(t, err)
	require.NoError(t, db.Enqueue(t.Context(), nil, second))
	_, err = db.CreateSchedule(t.Context(), "acme", model.Schedule{Name: "s", FunctionName: "f", CronExpression: "@daily", Timezone: "UTC", Input: []byte("null"), IsActive: true, MaxInstances: 1, Overlap: model.OverlapSkip, CatchUp: model.CatchUpNone, NextRun: time.Now()})
	require.NoError(t, err)
	return db, conn, second.Execution.ID, first.Execution.ID
}

func deliveries(t *testing.T, db *repo.DB, status repo.DeliveryStatus) []repo.Delivery {
	t.Helper()
	found, _, err := db.ListDeliveries(t.Context(), "acme", repo.DeliveryFilter{Status: status, Page: repo.Page{Limit: 10}})
	require.NoError(t, err)
	return found
}

func TestMessagesOfARestoredDatabase(t *testing.T) {
	t.Parallel()
	db, conn, waiting, _ := restored(t)
	settled, err := repo.SettleRestored(t.Context(), conn, time.Now().Add(-time.Hour), false)
	require.NoError(t, err)
	require.Equal(t, repo.Restored{}, settled, "the server goes on with all of it")
	require.Len(t, deliveries(t, db, repo.DeliveryPending), 1)

	settled, err = repo.SettleRestored(t.Context(), conn, time.Now().Add(time.Hour), false)
	require.NoError(t, err)
	require.Equal(t, repo.Restored{Messages: 1}, settled)
	given := deliveries(t, db, repo.DeliveryFailed)
	require.Len(t, given, 1)
	require.Contains(t, given[0].Error, "a day after")
	require.False(t, given[0].EndedAt.IsZero())
	require.Empty(t, signals(t, db))
	requireStatus(t, db, waiting, model.StatusPending)
}

func TestRestoredCopy(t *testing.T) {
	t.Parallel()
	db, conn, waiting, claimed := restored(t)
	settled, err := repo.SettleRestored(t.Context(), conn, time.Time{}, true)
	require.NoError(t, err)
	require.Equal(t, repo.Restored{Messages: 1, Runs: 2, Schedules: 1}, settled)
	require.Contains(t, deliveries(t, db, repo.DeliveryFailed)[0].Error, "as a copy")
	require.Empty(t, signals(t, db))
	requireStatus(t, db, waiting, model.StatusCancelled)
	requireStatus(t, db, claimed, model.StatusCancelled)
	due, err := db.AlertsDue(t.Context(), time.Now().Add(24*time.Hour))
	require.NoError(t, err)
	require.False(t, due)
	n, err := db.QueuedCount(t.Context(), "acme", 10)
	require.NoError(t, err)
	require.Zero(t, n)
	again, err := repo.SettleRestored(t.Context(), conn, time.Time{}, true)
	require.NoError(t, err)
	require.Equal(t, repo.Restored{}, again)
}

func requireStatus(t *testing.T, db *repo.DB, id model.ID, want model.Status) {
	t.Helper()
	e, err := db.Execution(t.Context(), "acme", id)
	require.NoError(t, err)
	require.Equal(t, want, e.Status)
}
