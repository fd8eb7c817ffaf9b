package webhook

import (
	"context"
	"sync"
	"sync/atomic"

	"maestro/internal/model"
	"maestro/internal/payload"
	"maestro/repo"
)

// tableLoader finds the webhook for a method and a path. The table is built
// whole from the database and never changed: a change of any webhook makes the
// next call build another.
type tableLoader struct {
	db      *repo.DB
	table   atomic.Pointer[routeTable]
	changes atomic.Uint64 // counts the changes that we heard of
	load    sync.Mutex    // held while a table is built, so that many calls build one
}

// routeTable holds the active webhooks of every subtenant.
type routeTable struct {
	changes uint64                   // that the table knows of
	tenants map[string]*tenantRoutes // by subtenant
	public  *routeNode               // of all subtenants: those that need no token
}

type tenantRoutes struct{ all, public *routeNode }

// route is one webhook, ready to be called.
type route struct {
	webhook    model.Webhook
	parameters []string // names, in the order of the path
	defaults   *payload.Defaults
	signer     *signer
}

// changed makes the next call load the table anew.
func (r *tableLoader) changed() { r.changes.Add(1) }

// current returns a table that knows of every change told so far.
func (r *tableLoader) current(ctx context.Context) (*routeTable, error) {
	changes := r.changes.Load()
	if table := r.table.Load(); table != nil && table.changes >= changes {
		return table, nil
	}
	r.load.Lock()
	defer r.load.Unlock()
	changes = r.changes.Load()
	if table := r.table.Load(); table != nil && table.changes >= changes {
		return table, nil
	}
	webhooks, err := r.db.ActiveWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	table := newRouteTable(webhooks)
	table.changes = changes
	r.table.Store(table)
	return table, nil
}

func newRouteTable(webhooks []model.Webhook) *routeTable {
	t := &routeTable{tenants: make(map[string]*tenantRoutes), public: &routeNode{}}
	for i := range webhooks {
		made := newRoute(webhooks[i])
		own := t.tenants[made.webhook.Tenant]
		if own == nil {
			own = &tenantRoutes{all: &routeNode{}, public: &routeNode{}}
			t.tenants[made.webhook.Tenant] = own
		}
		own.all.insert(made)
		if !made.webhook.RequiresAuth {
			t.public.insert(made)
			own.public.insert(made)
		}
	}
	return t
}
