package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var requestBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 10, 60, 300}

var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// requestCounters are the counters of all HTTP requests.
type requestCounters struct {
	total *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

func (m *Metrics) newRequestCounters() *requestCounters {
	return &requestCounters{
		total: m.counters(Definition{Name: "maestro_http_requests_total", Labels: []string{"method", "route", "status"},
			Help: "HTTP requests by method, template of the route and class of the status; the route \"other\" stands for unknown addresses and for requests refused before their route was found."}),
		took: m.histograms(Definition{Name: "maestro_http_request_duration_seconds", Labels: []string{"method", "route"},
			Help: "Time from the headers of an HTTP request to its response, without the transmission of the latter."}, requestBuckets),
	}
}

// Route returns what counts the requests of a route. Its series exist from its
// first request on.
func (m *Metrics) Route(method, template string) func(status int, took time.Duration) {
	return (&routeCounters{all: m.requests, method: method, route: template}).count
}

// routeCounters count the requests of one route.
type routeCounters struct {
	all           *requestCounters
	method, route string
	total         [len(classes)]atomic.Pointer[prometheus.Counter]
	took          atomic.Pointer[prometheus.Observer]
}

func (r *routeCounters) count(status int, took time.Duration) {
	class := min(max(status/100-1, 0), len(classes)-1)
	total := r.total[class].Load()
	if total == nil {
		made := r.all.total.WithLabelValues(r.method, r.route, classes[class])
		total = &made
		r.total[class].Store(total)
	}
	(*total).Inc()
	observer := r.took.Load()
	if observer == nil {
		made := r.all.took.WithLabelValues(r.method, r.route)
		observer = &made
		r.took.Store(observer)
	}
	(*observer).Observe(took.Seconds())
}
