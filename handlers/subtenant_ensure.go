package handlers

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"maestro/internal/auth"
	"maestro/internal/model"
	"maestro/repo"
)

// tenants caches which subtenants exist: one query per subtenant and server.
type tenants struct {
	db    *repo.DB
	known sync.Map      // id → struct{}
	gone  atomic.Uint64 // counts calls of forget
}

// forget removes a deleted subtenant from the cache.
func (t *tenants) forget(tenant string) {
	t.gone.Add(1)
	t.known.Delete(tenant)
}

// ensure checks that a subtenant exists before a call uses it. A subtenant named
// by the token is created by its first call, because the issuer of tokens vouches
// for it. One that an administrator names in a header is not created.
func (t *tenants) ensure(ctx context.Context, principal *auth.Principal, tenant string) error {
	if _, found := t.known.Load(tenant); found {
		return nil
	}
	gone := t.gone.Load()
	var err error
	if slices.Contains(principal.Tenants, tenant) {
		_, err = t.db.EnsureSubtenant(ctx, tenant)
	} else {
		_, err = t.db.Subtenant(ctx, tenant)
	}
	if model.CodeOf(err) == model.CodeNameTaken { // it was deleted, and is not created again
		return model.NewError(model.CodeSubtenantNotFound, "The subtenant %q was deleted.", tenant)
	}
	if err != nil {
		return err
	}
	t.known.Store(tenant, struct{}{})
	if t.gone.Load() != gone {
		t.known.Delete(tenant) // perhaps this subtenant was deleted meanwhile
	}
	return nil
}
