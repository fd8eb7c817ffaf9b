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

// tenants remembers which subtenants exist, so that it costs one query per
// subtenant and server.
type tenants struct {
	db    *repo.DB
	known sync.Map      // id → struct{}
	gone  atomic.Uint64 // counts calls of forget
}

// forget drops a subtenant that was deleted.
func (t *tenants) forget(tenant string) {
	t.gone.Add(1)
	t.known.Delete(tenant)
}

// ensure makes sure that a subtenant exists before anything is done in it. Who
// issues tokens vouches for the subtenants that they name: such a one comes
// into being with its first call. One that an administrator merely names in a
// header does not.
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
	if model.CodeOf(err) == model.CodeNameTaken { // it was deleted, and stays so
		return model.NewError(model.CodeSubtenantNotFound, "The subtenant %q is not there any more.", tenant)
	}
	if err != nil {
		return err
	}
	t.known.Store(tenant, struct{}{})
	if t.gone.Load() != gone {
		t.known.Delete(tenant) // perhaps it was this one
	}
	return nil
}
