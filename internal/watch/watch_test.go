package watch_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/internal/watch"
	"maestro/repo"
)

const tenant = "acme"

func hub(t *testing.T, db *repo.DB, change ...func(*watch.Options)) *watch.Hub {
	t.Helper()
	opts := watch.Options{DB: db, Log: testkit.Logger(t), Every: 10 * time.Millisecond}
	for _, set := range change {
		set(&opts)
	}
	h := watch.New(opts)
	t.Cleanup(h.Close)
	return h
}

func watcher(t *testing.T, h *watch.Hub, tenant string) *watch.Watcher {
	t.Helper()
	w, err := h.Watch(t.Context(), tenant)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	return w
}

// next waits for news.
func next(t *testing.T, w *watch.Watcher) watch.News {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	news, err := w.Next(ctx)
	require.NoError(t, err)
	return news
}

func run(tenant string, at time.Time, status model.Status) model.Execution {
	at = at.UTC().Truncate(time.Microsecond)
	e := model.Execution{ID: model.NewIDAt(at), Tenant: tenant, FunctionName: "f", FunctionVersion: 1, Trigger: model.TriggerManual, Status: status, CreatedAt: at, StartedAt: at, Attempt: 1}
	if status.Final() {
		e.CompletedAt, e.Duration = at.Add(time.Millisecond), time.Millisecond
	}
	return e
}

func store(t *testing.T, db *repo.DB, executions ...model.Execution) {
	t.Helper()
	records := make([]*model.Record, len(executions))
	for i := range executions {
		records[i] = &model.Record{Execution: executions[i]}
	}
	require.NoError(t, db.CopyRecords(t.Context(), records, "server"))
}

// Executions are told on all servers, with their states, to watchers of their
// subtenant alone.
func TestChangesOfExecutions(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	before := run(tenant, time.Now().Add(-time.Hour), model.StatusRunning) // long before the overlap
	store(t, db, before, run(tenant, time.Now(), model.StatusCompleted))
	first, second := hub(t, db), hub(t, db)
	watchers := []*watch.Watcher{watcher(t, first, tenant), watcher(t, first, tenant), watcher(t, second, tenant)}
	other := watcher(t, first, "other")

	begun := run(tenant, time.Now(), model.StatusRunning)
	store(t, db, run("other", time.Now(), model.StatusCompleted), begun)
	for _, w := range watchers {
		news := next(t, w)
		require.False(t, news.Gap)
		require.Len(t, news.Changes, 1)
		require.Equal(t, begun, news.Changes[0].Execution)
		require.Empty(t, news.Changes[0].Before)
	}
	require.Equal(t, "other", next(t, other).Changes[0].Tenant)

	for _, ended := range []model.Execution{begun, before} {
		ended.Status, ended.CompletedAt = model.StatusFailed, time.Now().UTC()
		require.NoError(t, db.MergeRecords(t.Context(), []*model.Record{{Execution: ended}}, "server"))
		for _, w := range watchers {
			news := next(t, w)
			require.Len(t, news.Changes, 1)
			require.Equal(t, ended.ID, news.Changes[0].ID)
			require.Equal(t, model.StatusFailed, news.Changes[0].Status)
			require.Equal(t, model.StatusRunning, news.Changes[0].Before)
		}
	}
}

// A row that comes later than those with later ids is told too.
func TestChangesInAnotherOrder(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	w := watcher(t, hub(t, db), tenant)
	late, early := run(tenant, time.Now().Add(-2*time.Second), model.StatusCompleted), run(tenant, time.Now(), model.StatusCompleted)
	store(t, db, early)
	require.Equal(t, early.ID, next(t, w).Changes[0].ID)
	store(t, db, late)
	require.Equal(t, late.ID, next(t, w).Changes[0].ID)
}

func TestMoreThanOneLookTells(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	w := watcher(t, hub(t, db), tenant)
	var many []model.Execution
	for range 1200 {
		many = append(many, run(tenant, time.Now(), model.StatusCompleted))
	}
	store(t, db, many...)
	for news := next(t, w); ; news = next(t, w) {
		if news.Gap {
			require.NotEmpty(t, news.Changes)
			break
		}
	}
}

func TestSlowWatcher(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	h := hub(t, db)
	slow, quick := watcher(t, h, tenant), watcher(t, h, tenant)
	told := 0
	for range 12 { // more than wait for a watcher
		store(t, db, run(tenant, time.Now(), model.StatusCompleted))
		require.False(t, next(t, quick).Gap)
	}
	for range 8 {
		require.False(t, next(t, slow).Gap)
		told++
	}
	store(t, db, run(tenant, time.Now(), model.StatusCompleted))
	require.True(t, next(t, slow).Gap, "it missed some after %d", told)
	store(t, db, run(tenant, time.Now(), model.StatusCompleted))
	require.False(t, next(t, slow).Gap)
}

func TestMostWatchers(t *testing.T) {
	t.Parallel()
	h := hub(t, testkit.DB(t), func(o *watch.Options) { o.Watchers, o.TenantWatchers = 3, 2 })
	one := watcher(t, h, tenant)
	watcher(t, h, tenant)
	_, err := h.Watch(t.Context(), tenant)
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	watcher(t, h, "other")
	_, err = h.Watch(t.Context(), "third")
	require.Equal(t, model.CodeTooManyRequests, model.CodeOf(err))
	one.Close()
	one.Close()
	again := watcher(t, h, tenant)

	h.Close()
	_, err = again.Next(t.Context())
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	_, err = h.Watch(t.Context(), tenant)
	require.Equal(t, model.CodeUnavailable, model.CodeOf(err))
	again.Close()
}

// While the database is away nothing can be told: that is a gap.
func TestWatchWithoutADatabase(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	db.Close()
	_, err := hub(t, db).Watch(t.Context(), tenant)
	require.Error(t, err)
}
