package refusals

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/service"
	"maestro/internal/service/servicetest"
	"maestro/internal/testkit"
	"maestro/repo"
)

func setup(t *testing.T) (*Book, *repo.DB, *model.Webhook) {
	t.Helper()
	db := testkit.DB(t)
	_, err := db.EnsureSubtenant(t.Context(), "acme")
	require.NoError(t, err)
	f, err := db.CreateFunction(t.Context(), "acme", model.Function{Name: "f", Code: "def f(input): pass"}, nil, nil)
	require.NoError(t, err)
	hook, err := db.CreateWebhook(t.Context(), "acme", model.Webhook{
		Path: "x", Method: "POST", FunctionName: f.Name, InputMode: model.InputAuto, ResponseMode: model.ResponseRaw, IsActive: true,
	})
	require.NoError(t, err)
	return New(Options{DB: db, Log: testkit.Logger(t)}), db, &hook
}

func listed(t *testing.T, db *repo.DB, hook *model.Webhook) []repo.Refusal {
	t.Helper()
	all, _, err := db.ListRefusals(t.Context(), hook.Tenant, hook.ID, repo.Page{})
	require.NoError(t, err)
	return all
}

func TestRefusalsOfAMinuteAreOneRow(t *testing.T) {
	t.Parallel()
	b, db, hook := setup(t)
	at := time.Date(2026, 11, 30, 10, 0, 1, 0, time.UTC)
	call := Call{At: at, Reason: "signature_mismatch", Address: "192.0.2.1", Method: "POST", Headers: []string{"X-Old"}}
	b.Note(hook, &call)
	require.NoError(t, b.write(t.Context()))
	call.At, call.Headers = at.Add(time.Second), []string{"X-Sig", "a,b", "", "é", strings.Repeat("n", longestName+1)}
	b.Note(hook, &call)
	b.Note(hook, &call)
	require.NoError(t, b.write(t.Context()))
	all := listed(t, db, hook)
	require.Len(t, all, 1)
	require.Equal(t, repo.Refusal{
		ID: all[0].ID, Tenant: "acme", WebhookID: hook.ID, Minute: at.Truncate(time.Minute), Reason: "signature_mismatch", Address: "192.0.2.1",
		Calls: 3, LastAt: at.Add(time.Second), Method: "POST", Headers: []string{"X-Sig"},
	}, all[0])
	_, _, err := db.ListRefusals(t.Context(), "other", hook.ID, repo.Page{})
	require.Equal(t, model.CodeWebhookNotFound, model.CodeOf(err))
}

// TestAFloodIsBounded: by senders of a minute, by entries in memory, and by rows.
func TestAFloodIsBounded(t *testing.T) {
	t.Parallel()
	b, db, hook := setup(t)
	at := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		b.Note(hook, &Call{At: at, Reason: "signature_missing", Address: fmt.Sprint("192.0.2.", i), Method: "POST"})
	}
	require.NoError(t, b.write(t.Context()))
	all := listed(t, db, hook)
	require.Len(t, all, mostEntries+1)
	var calls int64
	for _, r := range all {
		calls += r.Calls
		require.True(t, r.Calls == 1 || r.Address == "")
	}
	require.EqualValues(t, 10_000, calls)

	for minute := range 2 * mostPending {
		b.Note(hook, &Call{At: at.Add(time.Duration(minute) * time.Minute), Reason: "signature_missing", Method: "POST"})
	}
	require.Equal(t, mostPending, b.entries)
	require.NoError(t, b.write(t.Context()))
	all = listed(t, db, hook)
	require.Len(t, all, repo.RefusalsKept)
	require.Equal(t, at.Add((mostPending-1)*time.Minute), all[0].Minute, "the newest stay")
}

// TestWhatCannotBeWrittenIsKept: a webhook that is gone is no failure; a database that is away is.
func TestWhatCannotBeWrittenIsKept(t *testing.T) {
	t.Parallel()
	b, db, hook := setup(t)
	call := &Call{At: time.Now(), Reason: "signature_missing", Address: "192.0.2.1", Method: "POST"}
	_, err := db.Pool().Exec(t.Context(), "ALTER TABLE webhook_refusals RENAME TO away")
	require.NoError(t, err)
	b.Note(hook, call)
	require.Error(t, b.write(t.Context()))
	_, err = db.Pool().Exec(t.Context(), "ALTER TABLE away RENAME TO webhook_refusals")
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	require.NoError(t, b.Stop(t.Context()), "the end writes the rest")
	require.Len(t, listed(t, db, hook), 1)
	require.NoError(t, db.DeleteWebhook(t.Context(), "acme", hook.ID))
	b.Note(hook, call)
	require.NoError(t, b.write(t.Context()))
	var left int
	require.NoError(t, db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM webhook_refusals").Scan(&left))
	require.Zero(t, left)
}

func TestBookIsAService(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	servicetest.Stress(t, func(t *testing.T) service.Service {
		return New(Options{DB: db, Log: testkit.Logger(t), Every: time.Millisecond})
	})
}
