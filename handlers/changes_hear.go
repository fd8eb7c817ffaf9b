package handlers

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
)

// cancelTimeout bounds the look at what is to stop.
const cancelTimeout = 30 * time.Second

// What follows is told of changes that any server made, ours included. Each
// method returns at once and may be called at any time, also for nothing.

// FunctionsChanged says that functions of a subtenant were changed.
func (s *Server) FunctionsChanged(tenant string) {
	s.opts.Engine.FunctionsChanged(tenant)
	s.webhooks.FunctionsChanged(tenant)
}

// PackagesChanged says that a subtenant's packages were changed: its next call
// gets them.
func (s *Server) PackagesChanged(tenant string) { s.opts.Engine.PackagesChanged(tenant) }

// WebhooksChanged says that webhooks of any subtenant were changed: the next
// call of one loads the routing table anew.
func (s *Server) WebhooksChanged() { s.webhooks.WebhooksChanged() }

// AccessChanged says that users were given, or lost, access to a subtenant.
func (s *Server) AccessChanged(string) { s.opts.Auth.Forget("") }

// SubtenantGone says that a subtenant was deleted: nothing of it is left here.
func (s *Server) SubtenantGone(tenant string) {
	s.tenants.forget(tenant)
	s.webhooks.FunctionsChanged(tenant)
	s.webhooks.WebhooksChanged()
	s.opts.Auth.Forget("")
	s.opts.Engine.TenantGone(tenant)
}

// RunsCancelled says that some runs of a subtenant, perhaps ours, are to stop.
func (s *Server) RunsCancelled(tenant string) { go s.cancelRequested(tenant) }

// cancelTries is how often the database is asked which runs are to stop.
const cancelTries = 10

// cancelRequested stops what others asked to stop. Whoever asked was told that
// it will be, so that a database that is away for a moment is asked again.
func (s *Server) cancelRequested(tenant string) {
	pause := backoff.Backoff{First: 200 * time.Millisecond, Longest: 2 * time.Second}
	for try := 1; ; try++ {
		err := s.cancelAsked(tenant)
		if err == nil {
			return
		}
		s.opts.Log.Warn("which runs are to stop can't be found out", slog.String("tenant", tenant), slog.Int("try", try), slog.Any("error", err))
		if try == cancelTries || !pause.Wait(s.opts.Context) {
			return
		}
	}
}

func (s *Server) cancelAsked(tenant string) error {
	ctx, cancel := context.WithTimeout(s.opts.Context, cancelTimeout)
	defer cancel()
	asked, err := s.opts.DB.CancelRequests(ctx, tenant)
	if err != nil {
		return err
	}
	for _, id := range asked {
		if !s.opts.Engine.CancelWhenBegun(tenant, id) {
			continue
		}
		// It may have come to wait for another attempt meanwhile.
		if _, err := s.opts.Engine.CancelPending(ctx, tenant, id); err != nil && model.CodeOf(err) != model.CodeExecutionNotFound {
			return err
		}
	}
	return nil
}
