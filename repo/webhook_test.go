package repo_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func TestWebhookLife(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	createFunction(t, db, tenant, "g")
	hook := newHook("orders/{id}")
	hook.DefaultValues, hook.Description = json.RawMessage(`{"a":1}`), ptr("words")
	made, err := db.CreateWebhook(t.Context(), tenant, hook)
	require.NoError(t, err)
	loaded, err := db.Webhook(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, made, loaded)

	changed, err := db.UpdateWebhook(t.Context(), tenant, made.ID, func(w *model.Webhook) error {
		w.Path, w.FunctionName, w.ID = "orders/new", "g", model.NewID()
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, made.ID, changed.ID)
	loaded, err = db.Webhook(t.Context(), tenant, made.ID)
	require.NoError(t, err)
	require.Equal(t, changed, loaded)

	_, err = db.UpdateWebhook(t.Context(), tenant, made.ID, func(w *model.Webhook) error {
		w.FunctionName = "missing"
		return nil
	})
	requireCode(t, model.CodeFunctionNotFound, err)
	active, err := db.ActiveWebhooks(t.Context())
	require.NoError(t, err)
	require.Equal(t, []model.Webhook{loaded}, active)

	require.NoError(t, db.DeleteWebhook(t.Context(), tenant, made.ID))
	_, err = db.Webhook(t.Context(), tenant, made.ID)
	requireCode(t, model.CodeWebhookNotFound, err)
	requireCode(t, model.CodeWebhookNotFound, db.DeleteWebhook(t.Context(), tenant, made.ID))
	_, err = db.UpdateWebhook(t.Context(), tenant, made.ID, func(*model.Webhook) error { return nil })
	requireCode(t, model.CodeWebhookNotFound, err)
}

func TestPathsThatAreTheSame(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	for _, path := range []string{"a/{x}", "a/b", "a/{x}/c", "{x}.json/d", "a/pre{x}"} {
		_, err := db.CreateWebhook(t.Context(), tenant, newHook(path))
		require.NoError(t, err, path)
	}
	for _, path := range []string{"a/{y}", "a/{x}/", "a/b", "a/{other}/c"} {
		_, err := db.CreateWebhook(t.Context(), tenant, newHook(path))
		requireCode(t, model.CodePathTaken, err)
	}
	get := newHook("a/{y}")
	get.Method = "GET"
	_, err := db.CreateWebhook(t.Context(), tenant, get)
	require.NoError(t, err, "another method is another webhook")
	_, err = db.CreateWebhook(t.Context(), tenant, newHook("a/pre{y}"))
	require.NoError(t, err, "only a whole segment is a parameter")
	onTaken, err := db.CreateWebhook(t.Context(), tenant, newHook("free"))
	require.NoError(t, err)
	_, err = db.UpdateWebhook(t.Context(), tenant, onTaken.ID, func(w *model.Webhook) error {
		w.Path = "a/{z}"
		return nil
	})
	requireCode(t, model.CodePathTaken, err)
}

func TestPublicSegmentBelongsToItsFirstUser(t *testing.T) {
	t.Parallel()
	db, first := setup(t)
	const second = "zenith"
	_, err := db.EnsureSubtenant(t.Context(), second)
	require.NoError(t, err)
	createFunction(t, db, first, "f")
	createFunction(t, db, second, "f")
	owned, err := db.CreateWebhook(t.Context(), first, newHook("shop/a"))
	require.NoError(t, err)
	another, err := db.CreateWebhook(t.Context(), first, newHook("shop/b"))
	require.NoError(t, err)

	_, err = db.CreateWebhook(t.Context(), second, newHook("shop/c"))
	requireCode(t, model.CodePathTaken, err)
	private := newHook("shop/c")
	private.RequiresAuth = true
	hidden, err := db.CreateWebhook(t.Context(), second, private)
	require.NoError(t, err, "a path that needs a token reserves no segment")
	_, err = db.UpdateWebhook(t.Context(), second, hidden.ID, func(w *model.Webhook) error {
		w.RequiresAuth = false
		return nil
	})
	requireCode(t, model.CodePathTaken, err)

	// Released by the last one that used it, reserved for 30 days.
	require.NoError(t, db.DeleteWebhook(t.Context(), first, owned.ID))
	require.False(t, released(t, db, "shop"))
	_, err = db.UpdateWebhook(t.Context(), first, another.ID, func(w *model.Webhook) error {
		w.IsActive = false
		return nil
	})
	require.NoError(t, err)
	require.True(t, released(t, db, "shop"))
	_, err = db.CreateWebhook(t.Context(), second, newHook("shop/d"))
	requireCode(t, model.CodePathTaken, err)
	_, err = db.UpdateWebhook(t.Context(), first, another.ID, func(w *model.Webhook) error {
		w.IsActive = true
		return nil
	})
	require.NoError(t, err, "its owner may take it up again")
	require.False(t, released(t, db, "shop"))
	require.NoError(t, db.DeleteWebhook(t.Context(), first, another.ID))

	age(t, db, "29 days")
	_, err = db.CreateWebhook(t.Context(), second, newHook("shop/d"))
	requireCode(t, model.CodePathTaken, err)
	age(t, db, "31 days")
	_, err = db.CreateWebhook(t.Context(), second, newHook("shop/d"))
	require.NoError(t, err)
	_, err = db.CreateWebhook(t.Context(), first, newHook("shop/a"))
	requireCode(t, model.CodePathTaken, err)
}

func TestOneSegmentIsTakenByOneOfMany(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	tenants := []string{"t1", "t2", "t3", "t4"}
	for _, tenant := range tenants {
		_, err := db.EnsureSubtenant(t.Context(), tenant)
		require.NoError(t, err)
		createFunction(t, db, tenant, "f")
	}
	var taken atomic.Int64
	var wg sync.WaitGroup
	for _, tenant := range tenants {
		wg.Go(func() {
			_, err := db.CreateWebhook(t.Context(), tenant, newHook("only"))
			switch {
			case err == nil:
				taken.Add(1)
			case model.CodeOf(err) != model.CodePathTaken:
				t.Errorf("create: %v", err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, taken.Load())
}

func TestListWebhooks(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	createFunction(t, db, tenant, "f")
	createFunction(t, db, tenant, "g")
	for _, path := range []string{"c", "a", "b"} {
		_, err := db.CreateWebhook(t.Context(), tenant, newHook(path))
		require.NoError(t, err)
	}
	get := newHook("a")
	get.Method, get.FunctionName, get.IsActive = "GET", "g", false
	_, err := db.CreateWebhook(t.Context(), tenant, get)
	require.NoError(t, err)
	list := func(filter repo.WebhookFilter) (seen []string) {
		t.Helper()
		for {
			part, next, err := db.ListWebhooks(t.Context(), tenant, filter)
			require.NoError(t, err)
			for _, w := range part {
				seen = append(seen, w.Method+" "+w.Path)
			}
			if filter.Cursor = next; next == "" {
				return seen
			}
		}
	}
	all := []string{"GET a", "POST a", "POST b", "POST c"}
	require.Equal(t, all, list(repo.WebhookFilter{}))
	require.Equal(t, all, list(repo.WebhookFilter{Page: repo.Page{Limit: 1}}))
	require.Equal(t, []string{"GET a"}, list(repo.WebhookFilter{FunctionName: "g"}))
	require.Equal(t, all[1:], list(repo.WebhookFilter{ActiveOnly: true}))
}

func newHook(path string) model.Webhook {
	return model.Webhook{
		Path: path, Method: "POST", FunctionName: "f", InputMode: model.InputAuto, ResponseMode: model.ResponseEnvelope, IsActive: true,
	}
}

func released(t *testing.T, db *repo.DB, segment string) (yes bool) {
	t.Helper()
	const sql = "SELECT released_at IS NOT NULL FROM public_segments WHERE segment = $1"
	require.NoError(t, db.Pool().QueryRow(t.Context(), sql, segment).Scan(&yes))
	return yes
}

func age(t *testing.T, db *repo.DB, interval string) {
	t.Helper()
	_, err := db.Pool().Exec(t.Context(), "UPDATE public_segments SET released_at = now() - $1::text::interval", interval)
	require.NoError(t, err)
}
