package repo_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

var alertSetting = json.RawMessage(`{"url":"https://alerts.example","events":["failure"],"grace_seconds":300}`)

// watched makes a subtenant whose function f has a setting, g none, and h is off.
func watched(t testing.TB, db *repo.DB, tenant string, standard json.RawMessage) {
	t.Helper()
	_, err := db.EnsureSubtenant(t.Context(), tenant)
	require.NoError(t, err)
	require.NoError(t, db.SetNotify(t.Context(), tenant, standard))
	for name, setting := range map[string]json.RawMessage{"f": alertSetting, "g": nil, "h": json.RawMessage(`"off"`)} {
		_, err := db.CreateFunction(t.Context(), tenant, model.Function{Name: name, Code: "x", Notify: setting}, nil, nil)
		require.NoError(t, err)
	}
}

// over is an execution of a function that has ended.
func over(tenant, function string, status model.Status, change ...func(*model.Execution)) model.Execution {
	e := execution(tenant, time.Now())
	e.FunctionName, e.Status, e.CompletedAt = function, status, time.Now()
	for _, set := range change {
		set(&e)
	}
	return e
}

// at has an execution end so many seconds after a moment.
func at(seconds int) func(*model.Execution) {
	return func(e *model.Execution) {
		e.CompletedAt = e.CreatedAt.Truncate(time.Hour).Add(time.Duration(seconds) * time.Second)
	}
}

// signals takes the signals.
func signals(t *testing.T, db *repo.DB) (taken []repo.AlertSignal) {
	t.Helper()
	require.NoError(t, db.HoldAlertRound(t.Context(), func(r repo.AlertRound) (err error) {
		taken, err = r.TakeSignals(t.Context(), time.Now(), 100)
		return err
	}))
	return taken
}

// signalled takes the signals and returns the executions that they name.
func signalled(t *testing.T, db *repo.DB) (ids []model.ID) {
	t.Helper()
	for _, s := range signals(t, db) {
		ids = append(ids, s.Execution)
	}
	return ids
}

func copied(t *testing.T, db *repo.DB, all ...model.Execution) {
	t.Helper()
	records := make([]*model.Record, len(all))
	for i := range all {
		records[i] = &model.Record{Execution: all[i]}
	}
	require.NoError(t, db.CopyRecords(t.Context(), records, "server"))
}

func TestSignalsOfCopiedRecords(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	watched(t, db, "acme", nil)
	watched(t, db, "zenith", alertSetting)

	failed, late, crashed := over("acme", "f", model.StatusFailed), over("acme", "f", model.StatusTimedOut), over("acme", "f", model.StatusCrashed)
	byDefault := over("zenith", "g", model.StatusFailed)
	invalid := "InputInvalid"
	queuedInvalid := over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.ErrorType, e.Trigger = &invalid, model.TriggerSchedule })
	copied(t, db, failed, late, crashed, byDefault, queuedInvalid,
		over("acme", "f", model.StatusCompleted), over("acme", "f", model.StatusCancelled), over("acme", "g", model.StatusFailed),
		over("acme", "h", model.StatusFailed), over("zenith", "h", model.StatusFailed), over("stranger", "f", model.StatusFailed),
		over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.Trigger = model.TriggerAlert }),
		over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.ErrorType, e.Trigger = &invalid, model.TriggerManual }))
	all := signals(t, db)
	require.Len(t, all, 2, "one of each function")
	require.Equal(t, queuedInvalid.ID, all[0].Execution, "the latest")
	require.Equal(t, 4, all[0].Count)
	require.WithinDuration(t, failed.CompletedAt, all[0].First, time.Microsecond)
	require.WithinDuration(t, queuedInvalid.CompletedAt, all[0].At, time.Microsecond)
	require.Equal(t, byDefault.ID, all[1].Execution)
	require.Equal(t, 1, all[1].Count)

	// In each order of records, and under any name.
	odd := `o'b"\r{},$1;`
	watched(t, db, odd, nil)
	copied(t, db, over(odd, "f", model.StatusFailed, at(2)), over(odd, "f", model.StatusFailed, at(1)), over(odd, "f", model.StatusFailed, at(3)), over(odd, "f", model.StatusFailed, at(2)))
	all = signals(t, db)
	require.Len(t, all, 1)
	require.Equal(t, odd, all[0].Tenant)
	require.Equal(t, 4, all[0].Count)
	require.Equal(t, 2*time.Second, all[0].At.Sub(all[0].First))

	withSteps := over("acme", "f", model.StatusFailed)
	step := model.Step{ID: model.NewID(), ExecutionID: withSteps.ID, Depth: 1, Position: 1, Attempt: 1, FunctionName: "g", FunctionVersion: 1, Status: model.StatusFailed, StartedAt: time.Now(), CompletedAt: time.Now()}
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: withSteps, Steps: []model.Step{step}}}, "server"))
	require.Equal(t, []model.ID{withSteps.ID}, signalled(t, db))

	require.Error(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: over("acme", "f", model.StatusFailed)}, {Execution: failed}}, "server"), "a row is there already")
	require.Empty(t, signalled(t, db), "nothing is committed of a batch that fails")
}

func TestSignalsOfMergedRecords(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	watched(t, db, "acme", nil)
	failed := over("acme", "f", model.StatusFailed)
	merge := func(records ...*model.Record) {
		t.Helper()
		require.NoError(t, db.MergeRecords(t.Context(), records, "server"))
	}
	merge(&model.Record{Execution: failed}, &model.Record{Execution: over("acme", "f", model.StatusCompleted)})
	merge(&model.Record{Execution: failed})
	require.Equal(t, []model.ID{failed.ID}, signalled(t, db), "of a record that is written again there is no second signal")
	second := over("acme", "f", model.StatusFailed, at(2))
	merge(&model.Record{Execution: failed}, &model.Record{Execution: over("acme", "f", model.StatusFailed, at(1))}, &model.Record{Execution: second})
	all := signals(t, db)
	require.Len(t, all, 1)
	require.Equal(t, second.ID, all[0].Execution)
	require.Equal(t, 2, all[0].Count)
	require.Equal(t, time.Second, all[0].At.Sub(all[0].First))

	queued := newQueued("acme", "f")
	require.NoError(t, db.Enqueue(t.Context(), nil, queued))
	server, _, err := db.RegisterServer(t.Context(), "test", t.Name())
	require.NoError(t, err)
	claim := func() int64 {
		t.Helper()
		runs, err := db.ClaimRuns(t.Context(), server, repo.Limits{Room: 10, PerTenant: 10, PerFunction: 10})
		require.NoError(t, err)
		require.Len(t, runs, 1)
		return runs[0].Claim
	}
	attempt := over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.ID = queued.Execution.ID })
	merge(&model.Record{Execution: attempt, Queued: &model.QueuedEnd{Claim: claim(), Retry: true}})
	require.Empty(t, signalled(t, db), "another attempt follows")
	last := claim()
	merge(&model.Record{Execution: attempt, Queued: &model.QueuedEnd{Claim: last - 1}})
	require.Empty(t, signalled(t, db), "of a server that has lost the run")
	merge(&model.Record{Execution: attempt, Queued: &model.QueuedEnd{Claim: last}})
	require.Equal(t, []model.ID{attempt.ID}, signalled(t, db))
}

func TestSignalsOfServersThatDied(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	watched(t, db, "acme", nil)
	ctx := t.Context()
	server, _, err := db.RegisterServer(ctx, "test", "folder")
	require.NoError(t, err)
	synchronous := over("acme", "f", model.StatusRunning)
	unwatched := over("acme", "g", model.StatusRunning)
	require.NoError(t, db.MarkRunning(ctx, []*model.Execution{&synchronous, &unwatched}, server.String()))
	queued := newQueued("acme", "f")
	queued.Policy = nil
	require.NoError(t, db.Enqueue(ctx, nil, queued))
	_, err = db.ClaimRuns(ctx, server, repo.Limits{Room: 10, PerTenant: 10, PerFunction: 10})
	require.NoError(t, err)
	next, _, err := db.RegisterServer(ctx, "test", "folder")
	require.NoError(t, err)
	_, err = db.SettleGone(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []model.ID{synchronous.ID, queued.Execution.ID}, signalled(t, db))
	_, err = db.SettleGone(ctx)
	require.NoError(t, err)
	require.Empty(t, signalled(t, db))

	text := "SIGSEGV"
	crash := over("acme", "f", model.StatusCrashed, func(e *model.Execution) { e.Error, e.ErrorType = &text, &text })
	before := over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.Error, e.ErrorType = &text, &text })
	copied(t, db, before)
	require.Len(t, signalled(t, db), 1)
	queued = newQueued("acme", "f")
	queued.Policy = nil
	require.NoError(t, db.Enqueue(ctx, nil, queued))
	runs, err := db.ClaimRuns(ctx, next, repo.Limits{Room: 10, PerTenant: 10, PerFunction: 10})
	require.NoError(t, err)
	asynchronous := runs[0].Execution
	asynchronous.Error, asynchronous.ErrorType = &text, &text
	settled, err := db.SettleCrashes(ctx, "folder", []repo.Crash{{Execution: crash}, {Execution: before}, {Execution: asynchronous, Claim: runs[0].Claim}}, true)
	require.NoError(t, err)
	require.Equal(t, 2, settled.Crashed)
	require.ElementsMatch(t, []model.ID{crash.ID, asynchronous.ID}, signalled(t, db))
}

// A server of the version before goes on beside one that has migrated the database.
func TestSignalsOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	watched(t, db, "acme", nil)
	failed := over("acme", "f", model.StatusFailed)
	_, err := db.Pool().Exec(t.Context(), "SELECT signal_failures(ARRAY['acme'], ARRAY['f'], ARRAY[$1::timestamptz], ARRAY[$2::uuid], ARRAY[NULL]::uuid[])",
		failed.CompletedAt, failed.ID.String())
	require.NoError(t, err)
	all := signals(t, db)
	require.Len(t, all, 1)
	require.Equal(t, failed.ID, all[0].Execution)
	require.Equal(t, 1, all[0].Count)
	require.Equal(t, all[0].At, all[0].First)
}

// TestSignalsOfRunsThatMessagesLedTo: over other runs too, so that no message rings in
// a circle.
func TestSignalsOfRunsThatMessagesLedTo(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	watched(t, db, "acme", nil)
	alert := over("acme", "f", model.StatusCompleted, func(e *model.Execution) { e.Trigger = model.TriggerAlert })
	child := over("acme", "f", model.StatusCompleted, func(e *model.Execution) { e.Trigger, e.ParentID = model.TriggerSpawn, alert.ID })
	grandchild := over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.Trigger, e.ParentID = model.TriggerRetry, child.ID })
	parent := over("acme", "f", model.StatusCompleted)
	other := over("acme", "f", model.StatusFailed, func(e *model.Execution) { e.Trigger, e.ParentID = model.TriggerSpawn, parent.ID })
	copied(t, db, alert, child, grandchild, parent, other) // of one function, and not one signal
	ofAlert := map[model.ID]bool{}
	require.NoError(t, db.HoldAlertRound(t.Context(), func(r repo.AlertRound) error {
		signals, err := r.TakeSignals(t.Context(), time.Now(), 100)
		for _, s := range signals {
			ofAlert[s.Execution] = s.OfAlert
		}
		return err
	}))
	require.Equal(t, map[model.ID]bool{grandchild.ID: true, other.ID: false}, ofAlert)
}
