package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// BenchmarkSignals is what it costs that failures are signalled, 64 records in a
// transaction: of a function whose setting is known to be absent, of one of which the
// database finds that out, and of functions with a setting.
func BenchmarkSignals(b *testing.B) {
	const runs = 64
	db := testkit.DB(b)
	watched(b, db, "acme", nil)
	for i := range runs {
		_, err := db.CreateFunction(b.Context(), "acme", model.Function{Name: distinct(i), Code: "x", Notify: alertSetting}, nil, nil)
		require.NoError(b, err)
	}
	kinds := []struct {
		name      string
		function  func(i int) string
		unwatched bool
		spent     time.Duration
	}{
		{name: "unwatched", function: func(int) string { return "g" }, unwatched: true},
		{name: "asked", function: func(int) string { return "g" }},
		{name: "watched", function: func(int) string { return "f" }},
		{name: "distinct", function: distinct},
	}
	records := make([]*model.Record, runs)
	for b.Loop() { // in turns: the machine's noise is the same for all
		for k := range kinds {
			kind := &kinds[k]
			for i := range records {
				records[i] = &model.Record{Execution: over("acme", kind.function(i), model.StatusFailed), Unwatched: kind.unwatched}
			}
			began := time.Now()
			require.NoError(b, db.CopyRecords(b.Context(), records, "server"))
			kind.spent += time.Since(began)
		}
	}
	for _, kind := range kinds {
		b.ReportMetric(float64(kind.spent.Nanoseconds())/float64(b.N*runs), kind.name+"-ns/record")
	}
}

func distinct(i int) string { return "d" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }
