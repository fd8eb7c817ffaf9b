package metrics

import "github.com/prometheus/client_golang/prometheus"

// alertCounters count messages about failures.
type alertCounters struct{ made, attempted *prometheus.CounterVec }

func (m *Metrics) newAlertCounters() *alertCounters {
	c := &alertCounters{
		made: m.counters(Definition{Name: "maestro_alerts_total", Labels: []string{"type"},
			Help: "Messages that this server has made for the notify settings of functions and subtenants."}),
		attempted: m.counters(Definition{Name: "maestro_alert_attempts_total", Labels: []string{"target", "outcome"},
			Help: "Attempts of this server to deliver a message to a webhook or a function: delivered, retried (another attempt follows) or failed (given up)."}),
	}
	for _, target := range []string{"webhook", "function"} {
		for _, outcome := range []string{"delivered", "retried", "failed"} {
			c.attempted.WithLabelValues(target, outcome)
		}
	}
	for _, kind := range []string{"function.failed", "function.recovered", "schedule.missed", "schedule.recovered"} {
		c.made.WithLabelValues(kind)
	}
	return c
}

// AlertMade counts a message by its type.
func (m *Metrics) AlertMade(kind string) { m.alerts.made.WithLabelValues(kind).Inc() }

// AlertAttempted counts an attempt to deliver a message.
func (m *Metrics) AlertAttempted(target, outcome string) {
	m.alerts.attempted.WithLabelValues(target, outcome).Inc()
}
