package main

import (
	"context"

	"maestro/internal/changes"
	"maestro/repo"
)

// startChanges makes this server hear what any server changes. It stands
// before the first request, so that nothing is read that could go stale.
func (p *parts) startChanges(ctx context.Context) error {
	p.changes = changes.New(p.db, changes.Options{Handlers: map[repo.ChangeKind]func(string){
		repo.FunctionsChanged: p.http.FunctionsChanged,
		repo.WebhooksChanged:  func(string) { p.http.WebhooksChanged() },
		repo.SecretsChanged:   p.secrets.Changed,
		repo.PackagesChanged:  p.http.PackagesChanged,
		repo.AccessChanged:    p.http.AccessChanged,
		repo.RunsCancelled:    p.http.RunsCancelled,
		repo.SchedulesChanged: func(string) { p.cron.Wake() },
		repo.SubtenantGone: func(tenant string) {
			p.http.SubtenantGone(tenant)
			p.homes.Remove(tenant)
		},
	}}, p.log)
	return startService(ctx, &p.stops, "changes", p.changes)
}
