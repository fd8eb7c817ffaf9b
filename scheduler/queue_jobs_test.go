package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

func TestRunsInJobs(t *testing.T) {
	t.Parallel()
	runs := func(n int) (all []model.ID) {
		for range n {
			all = append(all, model.NewID())
		}
		return all
	}
	require.Empty(t, inJobs(nil))
	require.Len(t, inJobs(runs(3)), 3, "few runs are a job each")
	require.Len(t, inJobs(runs(16)), 8, "before any job has many there are several")
	many := runs(1003)
	jobs := inJobs(many)
	require.Len(t, jobs, (len(many)+largestJob-1)/largestJob)
	for _, job := range jobs {
		require.LessOrEqual(t, len(job), largestJob)
	}
	require.Equal(t, many, slices.Concat(jobs...), "in their order")
}
