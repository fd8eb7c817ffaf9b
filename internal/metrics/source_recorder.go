package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"maestro/internal/recorder"
)

// recorderCounters describe the batches of the recorder.
type recorderCounters struct{ size, lag prometheus.Observer }

func (m *Metrics) newRecorderCounters() *recorderCounters {
	return &recorderCounters{
		size: m.histogram(Definition{Name: "maestro_recorder_batch_records", Help: "Records in one transaction."}, []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}),
		lag: m.histogram(Definition{Name: "maestro_recorder_lag_seconds", Help: "Time from the end of a run to the commit of its record, of one run of each transaction."},
			[]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}),
	}
}

// Committed counts a transaction of the recorder.
func (m *Metrics) Committed(records int, lag time.Duration) {
	m.recorder.size.Observe(float64(records))
	m.recorder.lag.Observe(lag.Seconds())
}

func (m *Metrics) readRecorder(read func() recorder.Stats) {
	type stats = recorder.Stats
	readFrom(m, "recorder", known(read),
		counter("maestro_recorder_records_total", "Records committed to PostgreSQL.", func(s stats) float64 { return float64(s.Records) }),
		gauge("maestro_recorder_queued_records", "Records that wait for PostgreSQL in memory.", func(s stats) float64 { return float64(s.Queued) }),
		gauge("maestro_recorder_outage_seconds", "How long PostgreSQL has been taking no records; 0 while it takes them.", func(s stats) float64 { return s.AwayFor.Seconds() }),
		counter("maestro_recorder_spooled_records_total", "Records written to the spool because PostgreSQL did not take them.", func(s stats) float64 { return float64(s.Spooled) }),
		counter("maestro_recorder_replayed_records_total", "Records written from the spool to PostgreSQL.", func(s stats) float64 { return float64(s.Replayed) }),
		gauge("maestro_recorder_spool_files", "Files in the spool.", func(s stats) float64 { return float64(s.SpoolFiles) }),
		gauge("maestro_recorder_spool_bytes", "Bytes in the spool.", func(s stats) float64 { return float64(s.SpoolBytes) }),
		counter("maestro_recorder_lost_records_total", "Records that neither PostgreSQL nor the disk has taken.", func(s stats) float64 { return float64(s.Lost) }),
		counter("maestro_recorder_refused_calls_total", "Calls refused before they ran because PostgreSQL takes no records.", func(s stats) float64 { return float64(s.Refused) }),
		counter("maestro_recorder_running_rows_dropped_total", "Rows of runs in progress that were not written; the row at the end of the run is.", func(s stats) float64 { return float64(s.RunningDropped) }),
	)
}
