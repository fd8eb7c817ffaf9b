package metrics

import "maestro/repo"

func (m *Metrics) readPools(read func() []repo.PoolStats) {
	type stats = []repo.PoolStats
	pool := []string{"pool"}
	each := func(value func(repo.PoolStats) float64) func(stats, func(float64, ...string)) {
		return func(pools stats, set func(float64, ...string)) {
			for _, p := range pools {
				set(value(p), p.Name)
			}
		}
	}
	readFrom(m, "pools", known(read),
		gauges("maestro_postgres_pool_connections", "Connections to PostgreSQL, by pool and state.", []string{"pool", "state"}, func(pools stats, set func(float64, ...string)) {
			for _, p := range pools {
				set(float64(p.InUse), p.Name, "in_use")
				set(float64(p.Idle), p.Name, "idle")
				set(float64(p.Connecting), p.Name, "connecting")
			}
		}),
		gauges("maestro_postgres_pool_connections_max", "The limit on connections to PostgreSQL, by pool.", pool, each(func(p repo.PoolStats) float64 { return float64(p.Max) })),
		counters("maestro_postgres_pool_acquires_total", "Uses of a connection to PostgreSQL, by pool.", pool, each(func(p repo.PoolStats) float64 { return float64(p.Acquired) })),
		counters("maestro_postgres_pool_waits_total", "Uses of a connection to PostgreSQL that waited because none was free, by pool.", pool, each(func(p repo.PoolStats) float64 { return float64(p.Waited) })),
		counters("maestro_postgres_pool_wait_seconds_total", "Time that was waited for a free connection to PostgreSQL, by pool.", pool, each(func(p repo.PoolStats) float64 { return p.WaitTime.Seconds() })),
	)
}
