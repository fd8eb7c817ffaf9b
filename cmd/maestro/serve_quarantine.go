package main

import (
	"context"
	"sync/atomic"

	"maestro/handlers"
)

// quarantineProbe is the check of /health that tells how many functions are
// quarantined: facts for an operator, and no fault of the server. Without the database
// it tells the last number.
func (p *parts) quarantineProbe() handlers.Probe {
	var functions atomic.Int64
	return handlers.Probe{
		Name: "quarantine",
		Check: func(ctx context.Context) error {
			if n, err := p.chores.CountQuarantined(ctx); err == nil {
				functions.Store(int64(n))
			}
			return nil
		},
		Counts: func() map[string]int { return map[string]int{"functions": int(functions.Load())} },
	}
}
