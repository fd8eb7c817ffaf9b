package metrics

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// reading is a metric whose value a room knows already: it is read at each scrape,
// and costs nothing otherwise.
type reading[S any] struct {
	Definition
	value  func(S) float64
	values func(state S, set func(value float64, labels ...string)) // instead of value, for a metric with labels
}

// source reads the metrics of one room.
type source[S any] struct {
	name     string
	read     func() (state S, known bool)
	readings []reading[S]
	descs    []*prometheus.Desc
	log      *slog.Logger
}

// readFrom adds the readings of a room. What read returns as unknown is left out
// of the scrape.
func readFrom[S any](m *Metrics, name string, read func() (S, bool), readings ...reading[S]) {
	s := &source[S]{name: name, read: read, readings: readings, log: m.opts.Log}
	for _, r := range readings {
		m.define(r.Definition)
		s.descs = append(s.descs, prometheus.NewDesc(r.Name, r.Help, r.Labels, nil))
	}
	m.registry.MustRegister(s)
}

// known is for a source that can always be read.
func known[S any](read func() S) func() (S, bool) {
	return func() (S, bool) { return read(), true }
}

// Describe implements prometheus.Collector.
func (s *source[S]) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range s.descs {
		descs <- desc
	}
}

// Collect implements prometheus.Collector. It runs in a goroutine of the registry,
// in which a panic would end the server.
func (s *source[S]) Collect(metrics chan<- prometheus.Metric) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log.Error("metrics can't be read", slog.String("of", s.name), slog.String("fault", fmt.Sprint(fault)))
		}
	}()
	state, known := s.read()
	if !known {
		return
	}
	for i, r := range s.readings {
		kind := prometheus.GaugeValue
		if r.Kind == Counter {
			kind = prometheus.CounterValue
		}
		set := func(value float64, labels ...string) {
			metrics <- prometheus.MustNewConstMetric(s.descs[i], kind, value, labels...)
		}
		if r.values != nil {
			r.values(state, set)
		} else {
			set(r.value(state))
		}
	}
}

func gauge[S any](name, help string, value func(S) float64) reading[S] {
	return reading[S]{Definition: Definition{Name: name, Kind: Gauge, Help: help}, value: value}
}

func counter[S any](name, help string, value func(S) float64) reading[S] {
	return reading[S]{Definition: Definition{Name: name, Kind: Counter, Help: help}, value: value}
}

func gauges[S any](name, help string, labels []string, values func(S, func(float64, ...string))) reading[S] {
	return reading[S]{Definition: Definition{Name: name, Kind: Gauge, Help: help, Labels: labels}, values: values}
}

func counters[S any](name, help string, labels []string, values func(S, func(float64, ...string))) reading[S] {
	return reading[S]{Definition: Definition{Name: name, Kind: Counter, Help: help, Labels: labels}, values: values}
}

// truth is 1 or 0.
func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
