package repo_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// BenchmarkMergeRecords is what an asynchronous run costs the database, 64 in a
// transaction: to store it as pending, and to end it with two steps. Beside it is
// what the same record costs that is no queued run's.
func BenchmarkMergeRecords(b *testing.B) {
	const runs = 64
	db := testkit.DB(b)
	queued, records, others := make([]model.QueuedRun, runs), make([]*model.Record, runs), make([]*model.Record, runs)
	var store, end, merge time.Duration
	timed := func(total *time.Duration, do func() error) {
		began := time.Now()
		require.NoError(b, do())
		*total += time.Since(began)
	}
	record := func(e model.Execution, end *model.QueuedEnd) *model.Record {
		e.Status, e.Output, e.StartedAt, e.CompletedAt, e.Attempt = model.StatusCompleted, json.RawMessage(`{"done":true}`), time.Now(), time.Now(), 1
		return &model.Record{Execution: e, Queued: end, Steps: []model.Step{stepOf(e, 1), stepOf(e, 2)}}
	}
	for b.Loop() {
		for i := range queued {
			queued[i] = newQueued("acme", "f")
			records[i] = record(queued[i].Execution, &model.QueuedEnd{Claim: 1})
			others[i] = record(execution("acme", time.Now()), nil)
		}
		timed(&store, func() error { return db.Enqueue(b.Context(), nil, queued...) })
		_, err := db.Pool().Exec(b.Context(), "UPDATE queued_runs SET claim = 1, server = gen_random_uuid()")
		require.NoError(b, err)
		timed(&end, func() error { return db.MergeRecords(b.Context(), records, "server") })
		timed(&merge, func() error { return db.MergeRecords(b.Context(), others, "server") })
	}
	for unit, total := range map[string]time.Duration{"ns/store": store, "ns/end": end, "ns/merge": merge} {
		b.ReportMetric(float64(total.Nanoseconds())/float64(b.N*runs), unit)
	}
}
