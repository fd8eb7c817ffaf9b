package metrics

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapesAtOnce is how many scrapes are served at a time; more get a 503.
const scrapesAtOnce = 4

// Options of Metrics. Log is required.
type Options struct {
	// Subtenants and Functions are the beginnings of the names that become labels,
	// "*" for all names; nil: none.
	Subtenants, Functions []string
	Log                   *slog.Logger
}

// Metrics are the metrics of one server.
type Metrics struct {
	opts     Options
	registry *prometheus.Registry

	mu      sync.Mutex
	defined []Definition // guarded by mu

	runs     *runCounters
	requests *requestCounters
	recorder *recorderCounters
	cron     *cronCounters
	alerts   *alertCounters
}

// New makes the metrics of a server. Those of its parts follow with Read.
func New(opts Options) *Metrics {
	m := &Metrics{opts: opts, registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.requests = m.newRequestCounters()
	m.runs = m.newRunCounters()
	m.recorder = m.newRecorderCounters()
	m.cron = m.newCronCounters()
	m.alerts = m.newAlertCounters()
	return m
}

// Handler serves the metrics in the format that the client asks for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            errorLog{m.opts.Log},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce,
		EnableOpenMetrics:   true,
	})
}

// errorLog is for promhttp.
type errorLog struct{ log *slog.Logger }

func (l errorLog) Println(values ...any) {
	l.log.Error("a metric can't be served", slog.Any("error", values))
}

// Kind is the type of a metric.
type Kind string

// The kinds, as Prometheus names them.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Definition describes a metric, for the documents and the tests that compare
// them.
type Definition struct {
	Name   string
	Kind   Kind
	Labels []string
	Help   string // one sentence
	// When says in which servers the metric exists; empty: in all.
	When string
}

// Definitions lists the metrics of this server by name.
func (m *Metrics) Definitions() []Definition {
	m.mu.Lock()
	defer m.mu.Unlock()
	defined := slices.Clone(m.defined)
	slices.SortFunc(defined, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return defined
}

func (m *Metrics) define(d Definition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.defined = append(m.defined, d)
}

func (m *Metrics) counters(d Definition) *prometheus.CounterVec {
	d.Kind = Counter
	m.define(d)
	made := prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
	m.registry.MustRegister(made)
	return made
}

func (m *Metrics) histograms(d Definition, buckets []float64) *prometheus.HistogramVec {
	d.Kind = Histogram
	m.define(d)
	made := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
	m.registry.MustRegister(made)
	return made
}

func (m *Metrics) histogram(d Definition, buckets []float64) prometheus.Observer {
	return m.histograms(d, buckets).WithLabelValues()
}

// Build is the program that runs.
type Build struct{ Version, Go, Python string }

func (m *Metrics) defineBuild(build Build) {
	d := Definition{Name: "maestro_build_info", Kind: Gauge, Labels: []string{"version", "go_version", "python_version"}, Help: "The running program, with the constant value 1."}
	m.define(d)
	made := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Help}, d.Labels)
	made.WithLabelValues(build.Version, build.Go, build.Python).Set(1)
	m.registry.MustRegister(made)
}
