package metrics

import (
	"context"

	"maestro/embed"
	"maestro/internal/auth"
	"maestro/internal/events"
	"maestro/internal/packages"
	"maestro/internal/recorder"
	"maestro/internal/tracing"
	"maestro/lane/process"
	"maestro/repo"
)

// Sources are what the rooms of a server tell. Each is called at every scrape,
// and must answer from memory; Database alone may wait, and is called every few
// seconds at most. All but Census and Traces are required.
type Sources struct {
	Build    Build
	Server   func() Server
	Python   func() embed.Stats
	Children func() process.Stats
	Recorder func() recorder.Stats
	Events   func() events.Stats
	Packages func() packages.Stats
	Pools    func() []repo.PoolStats
	Database func(context.Context) (repo.Measurement, error)
	Census   func() auth.CensusStats // nil: the server has none
	Traces   func() tracing.Stats    // nil: there are none
}

// Server is the state of the server itself.
type Server struct {
	Ready         bool // as /readyz says
	Runs          int  // in progress
	Connections   int  // of HTTP clients
	BuildProblems int  // subtenants whose packages can't be built here
	Restarts      int  // by the supervisor, since that was started
}

// Read adds the readings of all rooms. It is called once, before the first scrape.
func (m *Metrics) Read(from Sources) {
	m.defineBuild(from.Build)
	m.readServer(from.Server)
	m.readPython(from.Python)
	m.readChildren(from.Children)
	m.readRecorder(from.Recorder)
	m.readEvents(from.Events)
	m.readPackages(from.Packages)
	m.readPools(from.Pools)
	m.readDatabase(from.Database)
	if from.Census != nil {
		m.readCensus(from.Census)
	}
	if from.Traces != nil {
		m.readTraces(from.Traces)
	}
}

func (m *Metrics) readServer(read func() Server) {
	readFrom(m, "server", known(read),
		gauge("maestro_ready", "1 while the server accepts new calls, as /readyz says, otherwise 0.", func(s Server) float64 { return truth(s.Ready) }),
		gauge("maestro_executions_in_progress", "Runs in progress on this server.", func(s Server) float64 { return float64(s.Runs) }),
		gauge("maestro_http_connections", "Open connections of HTTP clients.", func(s Server) float64 { return float64(s.Connections) }),
		gauge("maestro_package_build_problems", "Subtenants whose packages can't be built on this server.", func(s Server) float64 { return float64(s.BuildProblems) }),
		counter("maestro_server_restarts_total", "Times that the supervisor has started the server again because it had ended by itself.", func(s Server) float64 { return float64(s.Restarts) }),
	)
}

func (m *Metrics) readEvents(read func() events.Stats) {
	type stats = events.Stats
	readFrom(m, "events", known(read),
		counters("maestro_log_events_total", "Events of the live log, by whether Redis took them.", []string{"result"}, func(s stats, set func(float64, ...string)) {
			set(float64(s.Written), "written")
			set(float64(s.Dropped), "dropped")
		}),
		gauge("maestro_log_events_queued", "Events of the live log that wait to be written.", func(s stats) float64 { return float64(s.Queued) }),
		gauge("maestro_redis_embedded_bytes", "Memory that the live logs in the embedded Redis hold; 0 with REDIS_URL.", func(s stats) float64 { return float64(s.Held) }),
		gauge("maestro_redis_up", "1 unless the last write to Redis failed.", func(s stats) float64 { return truth(s.Connected) }),
	)
}

func (m *Metrics) readPackages(read func() packages.Stats) {
	type stats = packages.Stats
	readFrom(m, "packages", known(read),
		counters("maestro_package_installs_total", "Installs of packages that ended on this server, by result.", []string{"result"}, func(s stats, set func(float64, ...string)) {
			set(float64(s.Completed), "completed")
			set(float64(s.Failed), "failed")
		}),
		gauge("maestro_package_installs_in_progress", "Installs of packages in progress on this server, including those that wait for their turn.", func(s stats) float64 { return float64(s.InProgress) }),
	)
}

func (m *Metrics) readCensus(read func() auth.CensusStats) {
	type stats = auth.CensusStats
	readings := []reading[stats]{
		counters("maestro_census_requests_total", "Requests to Census, by result: answered, failed, or not sent because Census failed several times in a row.", []string{"result"}, func(s stats, set func(float64, ...string)) {
			set(float64(s.Answered), "answered")
			set(float64(s.Failed), "failed")
			set(float64(s.NotSent), "not_sent")
		}),
		gauge("maestro_census_up", "0 while Census is not asked because it failed several times in a row, otherwise 1.", func(s stats) float64 { return truth(!s.Open) }),
	}
	for i := range readings {
		readings[i].When = "with CENSUS_API_URL"
	}
	readFrom(m, "census", known(read), readings...)
}

func (m *Metrics) readTraces(read func() tracing.Stats) {
	sent := counters("maestro_trace_spans_total", "Spans, by whether the collector took them: sent, or dropped, because it refused them, was away, or too many waited.", []string{"result"}, func(s tracing.Stats, set func(float64, ...string)) {
		set(float64(s.Sent), "sent")
		set(float64(s.Dropped), "dropped")
	})
	sent.When = "with OTEL_EXPORTER_OTLP_ENDPOINT"
	readFrom(m, "traces", known(read), sent)
}
