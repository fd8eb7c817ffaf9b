package handlers

import (
	"context"
	"log/slog"
	"time"

	"maestro/internal/backoff"
	"maestro/internal/model"
)

// cancelTimeout limits one query for cancelled runs.
const cancelTimeout = 30 * time.Second

// The methods below are called for changes made by any server, including this
// one. Each returns at once and may be called at any time, also without a change.

// FunctionsChanged reports that functions of a subtenant were changed.
func (s *Server) FunctionsChanged(tenant string) {
	s.opts.Engine.FunctionsChanged(tenant)
	s.webhooks.FunctionsChanged(tenant)
}

// PackagesChanged reports that the packages of a subtenant were changed; its
// next call uses the new ones.
func (s *Server) PackagesChanged(tenant string) { s.opts.Engine.PackagesChanged(tenant) }

// WebhooksChanged reports that webhooks of any subtenant were changed: the next
// call of a webhook reloads the routing table.
func (s *Server) WebhooksChanged() { s.webhooks.WebhooksChanged() }

// AccessChanged reports that users were granted, or lost, access to a subtenant.
func (s *Server) AccessChanged(string) { s.opts.Auth.Forget("") }

// SubtenantGone reports that a subtenant was deleted, and drops all its state.
func (s *Server) SubtenantGone(tenant string) {
	s.tenants.forget(tenant)
	s.webhooks.FunctionsChanged(tenant)
	s.webhooks.WebhooksChanged()
	s.opts.Auth.Forget("")
	s.opts.Engine.TenantGone(tenant)
}

// RunsCancelled reports that runs of a subtenant were cancelled, perhaps runs of
// this server.
func (s *Server) RunsCancelled(tenant string) { go s.cancelRequested(tenant) }

// cancelTries is how many times the database is queried for cancelled runs.
const cancelTries = 10

// cancelRequested stops the cancelled runs. The cancellation was confirmed to
// its caller, so the query is repeated when the database is unavailable.
func (s *Server) cancelRequested(tenant string) {
	pause := backoff.Backoff{First: 200 * time.Millisecond, Longest: 2 * time.Second}
	for try := 1; ; try++ {
		err := s.cancelAsked(tenant)
		if err == nil {
			return
		}
		s.opts.Log.Warn("the cancelled runs cannot be read", slog.String("tenant", tenant), slog.Int("try", try), slog.Any("error", err))
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
		// It may have ended an attempt meanwhile, and wait for the next one.
		if _, err := s.opts.Engine.CancelPending(ctx, tenant, id); err != nil && model.CodeOf(err) != model.CodeExecutionNotFound {
			return err
		}
	}
	return nil
}
