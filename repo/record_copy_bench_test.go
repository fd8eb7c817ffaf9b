package repo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
)

// BenchmarkCopyRecords is what recording a webhook's run costs, 64 in a
// transaction, beside the same without the indexes of the lists' filters.
func BenchmarkCopyRecords(b *testing.B) {
	for _, test := range []struct{ name, change string }{
		{"all indexes", "SELECT 1"},
		{"without those of filters", "DROP INDEX executions_by_trigger, executions_by_type, executions_by_parent, executions_by_error_type, executions_by_duration"},
	} {
		b.Run(test.name, func(b *testing.B) {
			db := testkit.DB(b)
			_, err := db.Pool().Exec(b.Context(), test.change)
			require.NoError(b, err)
			hooks := []model.ID{model.NewID(), model.NewID(), model.NewID()}
			records := make([]*model.Record, 64)
			for b.Loop() {
				for i := range records {
					e := execution("acme", time.Now())
					e.Trigger, e.TriggerID, e.Duration = model.TriggerWebhook, hooks[i%len(hooks)], time.Millisecond
					records[i] = &model.Record{Execution: e}
				}
				require.NoError(b, db.CopyRecords(b.Context(), records, "server"))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
		})
	}
}
