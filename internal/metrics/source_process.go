package metrics

import "maestro/lane/process"

func (m *Metrics) readChildren(read func() process.Stats) {
	type stats = process.Stats
	readFrom(m, "processes", known(read),
		gauges("maestro_processes", "Child processes that run functions, by state: starting, serving, or leaving (they take no new calls and end).",
			[]string{"state"}, func(s stats, set func(float64, ...string)) {
				set(float64(s.Starting), "starting")
				set(float64(s.Children), "serving")
				set(float64(s.Leaving), "leaving")
			}),
		gauge("maestro_processes_memory_bytes", "Memory that all child processes hold.", func(s stats) float64 { return float64(s.Memory) }),
		gauge("maestro_processes_memory_limit_bytes", "The limit on the memory of all child processes; 0: none.", func(s stats) float64 { return float64(s.MemoryBudget) }),
		gauge("maestro_processes_subtenants", "Subtenants that have had a call in a child process.", func(s stats) float64 { return float64(s.Tenants) }),
		gauge("maestro_processes_calls", "Calls in child processes.", func(s stats) float64 { return float64(s.Calls) }),
		gauge("maestro_processes_calls_waiting", "Calls that wait for a child process.", func(s stats) float64 { return float64(s.Waiting) }),
		counter("maestro_processes_started_total", "Child processes started.", func(s stats) float64 { return float64(s.Started) }),
		counter("maestro_processes_failed_total", "Child processes that could not be started.", func(s stats) float64 { return float64(s.Failed) }),
		counter("maestro_processes_died_total", "Child processes that ended by themselves with calls in them.", func(s stats) float64 { return float64(s.Died) }),
		counter("maestro_processes_relieved_total", "Child processes ended while they were idle because memory was short.", func(s stats) float64 { return float64(s.Relieved) }),
		counters("maestro_processes_killed_total", "Child processes that were killed, by reason: overrun (a call went on after its deadline), memory, broken (it sent what it must not), stalled, slow_end, computing (it computed for too long without a call) or start.",
			[]string{"reason"}, func(s stats, set func(float64, ...string)) {
				for reason, count := range s.Kills {
					set(float64(count), reason)
				}
			}),
	)
}
