package metrics

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"maestro/embed"
	"maestro/internal/auth"
	"maestro/internal/events"
	"maestro/internal/packages"
	"maestro/internal/recorder"
	"maestro/internal/testkit"
	"maestro/internal/tracing"
	"maestro/lane/process"
	"maestro/repo"
)

// idle are the sources of a server that has done nothing yet.
func idle() Sources {
	return Sources{
		Build:    Build{Version: "v1", Go: "go1", Python: "3.14"},
		Server:   func() Server { return Server{Ready: true} },
		Python:   func() embed.Stats { return embed.Stats{} },
		Children: func() process.Stats { return process.Stats{Kills: map[string]int{"overrun": 1}} },
		Recorder: func() recorder.Stats { return recorder.Stats{} },
		Events:   func() events.Stats { return events.Stats{} },
		Packages: func() packages.Stats { return packages.Stats{} },
		Pools:    func() []repo.PoolStats { return []repo.PoolStats{{Name: "main"}} },
		Database: func(context.Context) (repo.Measurement, error) { return repo.Measurement{}, nil },
		Census:   func() auth.CensusStats { return auth.CensusStats{} },
		Traces:   func() tracing.Stats { return tracing.Stats{} },
	}
}

// complete makes metrics of which every definition exists.
func complete(t testing.TB) *Metrics {
	t.Helper()
	m := New(Options{Subtenants: []string{"*"}, Functions: []string{"*"}, Log: testkit.Logger(t)})
	m.Read(idle())
	m.Of("acme", "f")
	m.Route("GET", "/livez")(200, 0)
	return m
}

func scrapeText(t testing.TB, m *Metrics) []byte {
	t.Helper()
	response := httptest.NewRecorder()
	m.Handler().ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, response.Code, response.Body.String())
	return response.Body.Bytes()
}

func scrape(t testing.TB, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(scrapeText(t, m)))
	require.NoError(t, err)
	return families
}

// series is how many series of a metric there are.
func series(family *dto.MetricFamily) int {
	n := 0
	for _, metric := range family.GetMetric() {
		if metric.Histogram != nil {
			n += len(metric.Histogram.Bucket) + 2
		} else {
			n++
		}
	}
	return n
}

// value is that of the series with these labels: name, value, name, value.
func value(t testing.TB, family *dto.MetricFamily, labels ...string) float64 {
	t.Helper()
	for _, metric := range family.GetMetric() {
		has := map[string]string{}
		for _, pair := range metric.GetLabel() {
			has[pair.GetName()] = pair.GetValue()
		}
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && has[labels[i]] == labels[i+1]
		}
		switch {
		case !matches:
		case metric.Counter != nil:
			return metric.Counter.GetValue()
		case metric.Gauge != nil:
			return metric.Gauge.GetValue()
		default:
			return float64(metric.Histogram.GetSampleCount())
		}
	}
	require.Fail(t, "no such series", "%s %v", family.GetName(), labels)
	return 0
}

var silent = slog.New(slog.DiscardHandler)
