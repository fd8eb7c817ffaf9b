package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/repo"
)

func TestRunsInJobs(t *testing.T) {
	t.Parallel()
	runs := func(priorities ...int) (all []repo.Handing) {
		for _, priority := range priorities {
			all = append(all, repo.Handing{Priority: priority})
		}
		return all
	}
	require.Empty(t, inJobs(nil))
	require.Equal(t, [][]int{{1}, {0}, {2}}, inJobs(runs(2, 1, 2)), "few runs are a job each")

	many := make([]int, 1000)
	for i := range many {
		many[i] = 1 + i%2*3
	}
	jobs := inJobs(runs(many...))
	require.Len(t, jobs, 126, "of each priority 62 full ones, and one with the rest")
	at := 0
	for _, job := range jobs {
		require.LessOrEqual(t, len(job), largestJob)
		for _, place := range job {
			require.Equal(t, many[job[0]], many[place], "one priority to a job")
			if at == 500 {
				at = 0
			}
			require.Equal(t, 2*at+many[place]/4, place, "in their order")
			at++
		}
	}
	require.Len(t, inJobs(runs(slices.Repeat([]int{2}, 16)...)), 8, "before any job has many there are several")
}
