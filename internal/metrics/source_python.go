package metrics

import "maestro/embed"

func (m *Metrics) readPython(read func() embed.Stats) {
	type stats = embed.Stats
	readFrom(m, "python", known(read),
		gauges("maestro_python_interpreters", "Python interpreters by state: serving a subtenant, warm, ending, stuck (code in them can't be stopped) or leaked (ending them overran its time).",
			[]string{"state"}, func(s stats, set func(float64, ...string)) {
				set(float64(s.InterpretersLive), "serving")
				set(float64(s.InterpretersWarm), "warm")
				set(float64(s.InterpretersEnding), "ending")
				set(float64(s.InterpretersStuck), "stuck")
				set(float64(s.InterpretersLeaked), "leaked")
			}),
		counter("maestro_python_interpreters_created_total", "Python interpreters created.", func(s stats) float64 { return float64(s.InterpretersCreated) }),
		counter("maestro_python_interpreters_ended_total", "Python interpreters ended.", func(s stats) float64 { return float64(s.InterpretersEnded) }),
		counter("maestro_python_interpreters_relieved_total", "Python interpreters ended while they were idle because memory was short.", func(s stats) float64 { return float64(s.InterpretersRelieved) }),
		gauge("maestro_python_memory_bytes", "Memory that all Python interpreters hold, as far as it is counted.", func(s stats) float64 { return float64(s.Memory) }),
		gauge("maestro_python_memory_limit_bytes", "The limit on the memory of all Python interpreters (MAX_INTERPRETER_MEMORY); 0: none.", func(s stats) float64 { return float64(s.MemoryBudget) }),
		gauge("maestro_python_subtenants", "Subtenants that had a call recently.", func(s stats) float64 { return float64(s.Tenants) }),
		gauges("maestro_python_threads", "Threads that run Python, by state; those that are stuck no longer belong to the pool.", []string{"state"}, func(s stats, set func(float64, ...string)) {
			set(float64(s.Threads-s.ThreadsBusy), "idle")
			set(float64(s.ThreadsBusy), "busy")
			set(float64(s.ThreadsStuck), "stuck")
		}),
		gauge("maestro_python_threads_max", "The limit on threads that run Python (MAX_THREADS).", func(s stats) float64 { return float64(s.ThreadsMax) }),
		gauge("maestro_python_threads_parked", "Stuck threads that have been parked and no longer compute.", func(s stats) float64 { return float64(s.ThreadsParked) }),
		gauge("maestro_python_subtenants_stuck", "Subtenants that have stuck threads or leaked interpreters.", func(s stats) float64 { return float64(s.TenantsStuck) }),
		gauge("maestro_python_subtenants_refused", "Subtenants whose calls are refused because too much of their code is stuck.", func(s stats) float64 { return float64(s.TenantsRefused) }),
		counter("maestro_python_threads_changed_total", "Calls that left their thread in a changed state, which was restored.", func(s stats) float64 { return float64(s.ThreadsChanged) }),
		gauge("maestro_python_calls_waiting", "Calls that wait for a thread.", func(s stats) float64 { return float64(s.Waiting) }),
		gauge("maestro_python_event_loops", "Event loops that run async functions.", func(s stats) float64 { return float64(s.Loops) }),
		gauge("maestro_python_tasks", "Calls of async functions in progress.", func(s stats) float64 { return float64(s.Tasks) }),
	)
}
