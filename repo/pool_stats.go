package repo

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolStats is the state of one pool of connections. The counts begin with the
// DB.
type PoolStats struct {
	Name                         string
	Max, InUse, Idle, Connecting int
	Acquired                     int64         // uses of a connection
	Waited                       int64         // of these, those that found none free
	WaitTime                     time.Duration // of these in all
}

// PoolStats returns the state of each pool that has been used.
func (d *DB) PoolStats() []PoolStats {
	var stats []PoolStats
	for _, p := range []struct {
		name string
		pool *pgxpool.Pool
	}{
		{"main", d.pool}, {"executions", d.listPool}, {"definitions", d.directoryPool}, {"queue", d.queue}, {"notifications", d.river}, {"pings", d.pulse},
	} {
		s := p.pool.Stat()
		if s.AcquireCount() == 0 {
			continue
		}
		stats = append(stats, PoolStats{
			Name: p.name, Max: int(s.MaxConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()), Connecting: int(s.ConstructingConns()),
			Acquired: s.AcquireCount(), Waited: s.EmptyAcquireCount(), WaitTime: s.EmptyAcquireWaitTime(),
		})
	}
	return stats
}
