package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// cronCounters count due times of schedules.
type cronCounters struct {
	started, skipped, missed prometheus.Counter
	late                     prometheus.Observer
}

func (m *Metrics) newCronCounters() *cronCounters {
	due := m.counters(Definition{Name: "maestro_schedule_due_times_total", Labels: []string{"result"},
		Help: "Due times of schedules that this server has handled: started, skipped (with the reason in the schedule's last_error), or missed (counted once for each series of due times that catch_up leaves out)."})
	return &cronCounters{
		started: due.WithLabelValues("started"), skipped: due.WithLabelValues("skipped"), missed: due.WithLabelValues("missed"),
		late: m.histogram(Definition{Name: "maestro_schedule_delay_seconds",
			Help: "Time from a due time of a schedule until its run was stored in the queue."}, waitBuckets),
	}
}

// ScheduleStarted counts a due time whose run was stored so late.
func (m *Metrics) ScheduleStarted(late time.Duration) {
	m.cron.started.Inc()
	m.cron.late.Observe(max(late, 0).Seconds())
}

// ScheduleSkipped counts a due time that was not started.
func (m *Metrics) ScheduleSkipped() { m.cron.skipped.Inc() }

// ScheduleMissed counts due times that were not caught up with.
func (m *Metrics) ScheduleMissed() { m.cron.missed.Inc() }
