package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"maestro/internal/alerts"
	"maestro/internal/engine"
	"maestro/internal/model"
)

// makeAlerts makes what sends messages about failures; it is not started yet.
func (p *parts) makeAlerts() {
	p.alerts = alerts.New(alerts.Options{
		DB: p.db, Secrets: p.secrets, Log: p.log, Meter: p.metrics, Now: p.timing.now, PublicURL: p.cfg.PublicURL, Version: version,
		Refuse: func(to netip.AddrPort) error {
			if p.reach.Refuses(to) {
				return fmt.Errorf("messages can't be sent to %s: functions may not connect to it either (FUNCTION_NETWORK_DENY, or this server itself)", to.Addr())
			}
			return nil
		},
		Submit: func(ctx context.Context, tenant, function string, id model.ID, input json.RawMessage) error {
			_, err := p.engine.Submit(ctx, engine.RunRequest{
				Tenant: tenant, Function: function, Input: input, Trigger: model.TriggerAlert, ID: id,
			}, engine.Later{})
			return err
		},
	})
}
