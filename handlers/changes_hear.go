package handlers

import (
	"context"
	"log/slog"
	"time"
)

// cancelTimeout bounds the look at what is to stop.
const cancelTimeout = 30 * time.Second

// What follows is told of changes that any server made, ours included. Each
// method returns at once and may be called at any time, also for nothing.

// FunctionsChanged says that functions of a subtenant were changed.
func (s *Server) FunctionsChanged(tenant string) {
	s.opts.Engine.FunctionsChanged(tenant)
	s.modes.forget(tenant)
}

// PackagesChanged says that a subtenant's packages were changed: its next call
// gets them.
func (s *Server) PackagesChanged(tenant string) { s.opts.Engine.FunctionsChanged(tenant) }

// WebhooksChanged says that webhooks of any subtenant were changed: the next
// call of one loads the routing table anew.
func (s *Server) WebhooksChanged() { s.router.changed() }

// AccessChanged says that users were given, or lost, access to a subtenant.
func (s *Server) AccessChanged(string) { s.opts.Auth.Forget("") }

// SubtenantGone says that a subtenant was deleted: nothing of it is left here.
func (s *Server) SubtenantGone(tenant string) {
	s.tenants.forget(tenant)
	s.modes.forget(tenant)
	s.router.changed()
	s.opts.Auth.Forget("")
	s.opts.Engine.TenantGone(tenant)
}

// RunsCancelled says that some runs of a subtenant, perhaps ours, are to stop.
func (s *Server) RunsCancelled(tenant string) { go s.cancelRequested(tenant) }

// cancelRequested stops what others asked to stop.
func (s *Server) cancelRequested(tenant string) {
	ctx, cancel := context.WithTimeout(s.opts.Context, cancelTimeout)
	defer cancel()
	asked, err := s.opts.DB.CancelRequests(ctx, tenant)
	if err != nil {
		s.opts.Log.Warn("which runs are to stop can't be found out", slog.String("tenant", tenant), slog.Any("error", err))
		return
	}
	for _, id := range asked {
		s.opts.Engine.Cancel(tenant, id)
	}
}
