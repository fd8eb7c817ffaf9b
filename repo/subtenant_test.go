package repo_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestSubtenantLife(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	made, err := db.CreateSubtenant(t.Context(), "zenith", ptr("words"))
	require.NoError(t, err)
	loaded, err := db.Subtenant(t.Context(), "zenith")
	require.NoError(t, err)
	require.Equal(t, made, loaded)
	_, err = db.CreateSubtenant(t.Context(), "zenith", nil)
	requireCode(t, model.CodeNameTaken, err)
	first, next, err := db.ListSubtenants(t.Context(), repo.Page{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "acme", first[0].ID)
	second, next, err := db.ListSubtenants(t.Context(), repo.Page{Limit: 1, Cursor: next})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, "zenith", second[0].ID)
	_, err = db.Subtenant(t.Context(), "missing")
	requireCode(t, model.CodeSubtenantNotFound, err)
	requireCode(t, model.CodeSubtenantNotFound, db.DeleteSubtenant(t.Context(), "missing"))
	_, err = db.EnsureSubtenant(t.Context(), "missing")
	require.NoError(t, err, "a deletion of what never was reserves nothing")
}

func TestDeletedSubtenantIsGoneForEver(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	hook, err := db.CreateWebhook(t.Context(), tenant, newHook("shop/a"))
	require.NoError(t, err)
	e := execution(tenant, time.Now())
	require.NoError(t, db.CopyRecords(t.Context(), []*model.Record{{Execution: e, Steps: []model.Step{stepOf(e, 1)}}}, ""))

	require.NoError(t, db.DeleteSubtenant(t.Context(), tenant))
	_, err = db.Function(t.Context(), tenant, "f")
	requireCode(t, model.CodeFunctionNotFound, err)
	_, err = db.Webhook(t.Context(), tenant, hook.ID)
	requireCode(t, model.CodeWebhookNotFound, err)
	_, err = db.Execution(t.Context(), tenant, e.ID)
	requireCode(t, model.CodeExecutionNotFound, err)
	var left int
	require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM function_versions)
		+ (SELECT count(*) FROM step_executions) + (SELECT count(*) FROM webhooks)`).Scan(&left))
	require.Zero(t, left)

	_, err = db.CreateSubtenant(t.Context(), tenant, nil)
	requireCode(t, model.CodeNameTaken, err)
	_, err = db.EnsureSubtenant(t.Context(), tenant)
	requireCode(t, model.CodeNameTaken, err)
	_, err = db.EnsureSubtenant(t.Context(), "zenith")
	require.NoError(t, err)
	createFunction(t, db, "zenith", "f")
	_, err = db.CreateWebhook(t.Context(), "zenith", newHook("shop/a"))
	requireCode(t, model.CodePathTaken, err)
}

func TestEnsureSubtenantByManyAtOnce(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := db.EnsureSubtenant(t.Context(), "zenith"); err != nil {
				t.Errorf("ensure: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestFirstFactStays(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	for _, value := range []string{"first", "second"} {
		kept, err := db.FactOnce(t.Context(), "secret_key_fingerprint", value)
		require.NoError(t, err)
		require.Equal(t, "first", kept)
	}
}
