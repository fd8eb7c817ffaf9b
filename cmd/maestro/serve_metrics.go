package main

import (
	"context"
	"runtime"
	"strings"

	"maestro/cpython"
	"maestro/internal/metrics"
	"maestro/repo"
)

// makeMetrics comes before the parts that count. /metrics shows the names of
// subtenants and functions only where the settings say so.
func (p *parts) makeMetrics() {
	p.metrics = metrics.New(metrics.Options{
		Subtenants: p.cfg.MetricsSubtenants, Functions: p.cfg.MetricsFunctions, Log: p.log,
	})
	if named := len(p.cfg.MetricsSubtenants)+len(p.cfg.MetricsFunctions) > 0; named && p.cfg.MetricsToken == "" {
		p.log.Warn("/metrics shows names of subtenants or functions to every client that reaches the server: set METRICS_TOKEN")
	}
}

// readMetrics adds what the parts know, once they are there.
func (p *parts) readMetrics() {
	measuring, end := context.WithCancel(context.Background())
	p.stops.Push("metrics", 0, func(context.Context) error { end(); return nil })
	python, _, _ := strings.Cut(cpython.Version(), " ")
	sources := metrics.Sources{
		Build: metrics.Build{Version: version, Go: runtime.Version(), Python: python},
		Server: func() metrics.Server {
			return metrics.Server{
				Ready: !p.draining.Load() && p.recorder.Refusing() == nil,
				Runs:  p.engine.Active(), Connections: p.http.Connections(), BuildProblems: len(p.engine.PackagesProblems()), Restarts: p.around.restarts,
			}
		},
		Python: p.lane.Stats, Children: p.lane.Children, Recorder: p.recorder.Stats, Events: p.events.Stats, Packages: p.packages.Stats,
		Pools: p.poolStats,
		Database: func(ctx context.Context) (repo.Measurement, error) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(measuring, cancel)()
			return p.db.Measure(ctx)
		},
	}
	if p.census != nil {
		sources.Census = p.census.Stats
	}
	if p.traces != nil {
		sources.Traces = p.traces.Stats
	}
	p.metrics.Read(sources)
}

// poolStats names the pools of the DBs apart.
func (p *parts) poolStats() (all []repo.PoolStats) {
	for _, of := range []struct {
		prefix string
		db     *repo.DB
	}{{"", p.db}, {"recorder_", p.records}, {"steps_", p.steps}, {"upkeep_", p.chores}} {
		for _, pool := range of.db.PoolStats() {
			pool.Name = of.prefix + pool.Name
			all = append(all, pool)
		}
	}
	return all
}
