package webhook

import (
	"context"
	"sync"
	"sync/atomic"

	"maestro/internal/model"
	"maestro/internal/payload"
	"maestro/repo"
)

// tableLoader holds the routing table. A table is built from the database and
// never modified: after a change of any webhook the next call builds a new one.
type tableLoader struct {
	db      *repo.DB
	table   atomic.Pointer[routeTable]
	changes atomic.Uint64 // counts the calls of changed
	load    sync.Mutex    // held while a table is built, so that concurrent calls build one
}

// routeTable holds the active webhooks of every subtenant.
type routeTable struct {
	changes uint64                   // included in the table
	tenants map[string]*tenantRoutes // by subtenant
	public  *routeNode               // the routes of all subtenants that require no token
}

type tenantRoutes struct{ all, public *routeNode }

// route is one webhook with the parts that a call needs.
type route struct {
	webhook    model.Webhook
	parameters []string // names in the order of the path
	defaults   *payload.Defaults
	signer     *signer
}

// changed makes the next call reload the table.
func (r *tableLoader) changed() { r.changes.Add(1) }

// current returns a table that includes every change reported so far.
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
