package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"maestro/internal/model"
	"maestro/repo"
)

// triggers and statuses give each value its place in the tables of counters, so
// that counting a run looks up no label.
var (
	triggers = []model.Trigger{model.TriggerWebhook, model.TriggerManual, model.TriggerSchedule, model.TriggerSpawn, model.TriggerRetry, model.TriggerAlert}
	statuses = []model.Status{model.StatusCompleted, model.StatusFailed, model.StatusTimedOut, model.StatusCancelled, model.StatusCrashed}
)

const (
	triggerCount = 6
	statusCount  = 5
)

// runBuckets suit calls of less than a millisecond and the longest timeouts.
var runBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// functionBuckets are fewer: each function has them.
var functionBuckets = []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 60, 300}

var waitBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600}

// runCounters are the counters of all runs.
type runCounters struct {
	ended    [triggerCount][statusCount]prometheus.Counter
	retried  [triggerCount]prometheus.Counter
	took     [triggerCount]prometheus.Observer
	accepted [triggerCount]prometheus.Counter
	waited   [triggerCount]prometheus.Observer
	steps    [statusCount]prometheus.Counter

	bound         bound
	functionEnded *prometheus.CounterVec // nil: no name may become a label
	functionTook  *prometheus.HistogramVec
}

func (m *Metrics) newRunCounters() *runCounters {
	ended := m.counters(Definition{Name: "maestro_executions_total", Labels: []string{"trigger", "status"},
		Help: "Executions that ended on this server, by trigger and final status, and those of servers that died which this one has settled."})
	retried := m.counters(Definition{Name: "maestro_execution_retries_total", Labels: []string{"trigger"},
		Help: "Failed attempts of asynchronous runs that another attempt follows."})
	took := m.histograms(Definition{Name: "maestro_execution_duration_seconds", Labels: []string{"trigger"},
		Help: "Duration of attempts, from the begin of the function to its end."}, runBuckets)
	accepted := m.counters(Definition{Name: "maestro_queue_accepted_total", Labels: []string{"trigger"},
		Help: "Asynchronous runs that this server has stored in the queue, except for those of schedules."})
	waited := m.histograms(Definition{Name: "maestro_queue_wait_seconds", Labels: []string{"trigger"},
		Help: "Time from when an asynchronous run was due until it began on this server."}, waitBuckets)
	steps := m.counters(Definition{Name: "maestro_execution_steps_total", Labels: []string{"status"},
		Help: "Sibling calls that ended on this server, by status."})

	c := &runCounters{bound: bound{subtenants: m.opts.Subtenants, functions: m.opts.Functions, log: m.opts.Log, places: map[place]bool{}}}
	for i, trigger := range triggers {
		for j, status := range statuses {
			c.ended[i][j] = ended.WithLabelValues(string(trigger), string(status))
		}
		c.retried[i] = retried.WithLabelValues(string(trigger))
		c.took[i] = took.WithLabelValues(string(trigger))
		c.accepted[i] = accepted.WithLabelValues(string(trigger))
		c.waited[i] = waited.WithLabelValues(string(trigger))
	}
	for j, status := range statuses {
		c.steps[j] = steps.WithLabelValues(string(status))
	}
	if c.bound.on() {
		const when = "with METRICS_LABEL_SUBTENANTS or METRICS_LABEL_FUNCTIONS"
		c.functionEnded = m.counters(Definition{Name: "maestro_function_executions_total", Labels: []string{"subtenant", "function", "status"}, When: when,
			Help: "Executions that ended on this server, by subtenant, function and final status, and those of servers that died which this one has settled."})
		c.functionTook = m.histograms(Definition{Name: "maestro_function_duration_seconds", Labels: []string{"subtenant", "function"}, When: when,
			Help: "Duration of attempts, by subtenant and function."}, functionBuckets)
	}
	return c
}

// Of returns what counts the runs of a function. It is asked for once for each
// function version that is loaded.
func (m *Metrics) Of(tenant, function string) model.RunMeter {
	c := m.runs
	if !c.bound.on() {
		return c
	}
	at := c.bound.of(tenant, function)
	counted := &functionCounters{runCounters: c, took: c.functionTook.WithLabelValues(at.subtenant, at.function)}
	for j, status := range statuses {
		counted.ended[j] = c.functionEnded.WithLabelValues(at.subtenant, at.function, string(status))
	}
	return counted
}

// Ended implements model.RunMeter.
func (c *runCounters) Ended(trigger model.Trigger, status model.Status, took time.Duration, retried bool) {
	i := triggerIndex(trigger)
	c.took[i].Observe(took.Seconds())
	if retried {
		c.retried[i].Inc()
		return
	}
	c.ended[i][statusIndex(status)].Inc()
}

// Unbegun implements model.RunMeter.
func (c *runCounters) Unbegun(trigger model.Trigger, status model.Status) {
	c.ended[triggerIndex(trigger)][statusIndex(status)].Inc()
}

// Settled counts the runs of servers that died and that this server has settled: the
// counters of those that died can't be read any more.
func (m *Metrics) Settled(runs []repo.SettledRun) {
	for _, run := range runs {
		m.Of(run.Tenant, run.Function).Settled(run.Trigger, run.Status)
	}
}

// Settled implements model.RunMeter.
func (c *runCounters) Settled(trigger model.Trigger, status model.Status) {
	if status == model.StatusPending {
		c.retried[triggerIndex(trigger)].Inc()
		return
	}
	c.Unbegun(trigger, status)
}

// Accepted implements model.RunMeter.
func (c *runCounters) Accepted(trigger model.Trigger) { c.accepted[triggerIndex(trigger)].Inc() }

// Waited implements model.RunMeter.
func (c *runCounters) Waited(trigger model.Trigger, wait time.Duration) {
	c.waited[triggerIndex(trigger)].Observe(max(wait, 0).Seconds()) // the clocks of servers differ
}

// StepEnded implements model.RunMeter.
func (c *runCounters) StepEnded(status model.Status) { c.steps[statusIndex(status)].Inc() }

// functionCounters count the runs of one function in addition, or of those that
// share its label values.
type functionCounters struct {
	*runCounters
	ended [statusCount]prometheus.Counter
	took  prometheus.Observer
}

// Ended implements model.RunMeter.
func (c *functionCounters) Ended(trigger model.Trigger, status model.Status, took time.Duration, retried bool) {
	c.runCounters.Ended(trigger, status, took, retried)
	c.took.Observe(took.Seconds())
	if !retried {
		c.ended[statusIndex(status)].Inc()
	}
}

// Unbegun implements model.RunMeter.
func (c *functionCounters) Unbegun(trigger model.Trigger, status model.Status) {
	c.runCounters.Unbegun(trigger, status)
	c.ended[statusIndex(status)].Inc()
}

// Settled implements model.RunMeter.
func (c *functionCounters) Settled(trigger model.Trigger, status model.Status) {
	c.runCounters.Settled(trigger, status)
	if status != model.StatusPending {
		c.ended[statusIndex(status)].Inc()
	}
}

// triggerIndex is the place of trigger in triggers.
func triggerIndex(trigger model.Trigger) int {
	switch trigger {
	case model.TriggerWebhook:
		return 0
	case model.TriggerSchedule:
		return 2
	case model.TriggerSpawn:
		return 3
	case model.TriggerRetry:
		return 4
	case model.TriggerAlert:
		return 5
	default:
		return 1
	}
}

// statusIndex is the place of status in statuses.
func statusIndex(status model.Status) int {
	switch status {
	case model.StatusCompleted:
		return 0
	case model.StatusTimedOut:
		return 2
	case model.StatusCancelled:
		return 3
	case model.StatusCrashed:
		return 4
	default:
		return 1
	}
}
