package repo_test

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit"
	"maestro/repo"
)

func newProblem(tenant, function string) repo.Problem {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return repo.Problem{Tenant: tenant, Kind: repo.ProblemFailed, Subject: function, Function: function, Open: true, OpenedAt: now, LastAt: now, NextAt: now, CheckAt: now}
}

// TestProblemsThatAreStoredTogether come back as they were, and no others.
func TestProblemsThatAreStoredTogether(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	first, second, other := newProblem(tenant, "f"), newProblem(tenant, "g"), newProblem("other", "f")
	second.Kind, second.Subject, second.Reason, second.LeftOut = repo.ProblemMissed, model.NewID().String(), "The function was deleted.", 7
	second.Open, second.Reported, second.RecoveredAt, second.RecoveredBy, second.Execution = false, true, first.OpenedAt, model.NewID(), model.NewID()
	round := func(do func(context.Context, repo.AlertRound) error) {
		require.NoError(t, db.HoldAlertRound(t.Context(), func(r repo.AlertRound) error { return do(t.Context(), r) }))
	}
	stored := func() (all []repo.Problem) {
		round(func(ctx context.Context, r repo.AlertRound) (err error) {
			all, err = r.Problems(ctx, []repo.Problem{first, second, newProblem(tenant, "absent")})
			return err
		})
		slices.SortFunc(all, func(a, b repo.Problem) int { return cmp.Compare(a.Function, b.Function) })
		for i := range all {
			for _, at := range []*time.Time{&all[i].OpenedAt, &all[i].LastAt, &all[i].NextAt, &all[i].CheckAt, &all[i].RecoveredAt} {
				*at = at.UTC()
			}
		}
		return all
	}
	put := func(all ...repo.Problem) {
		round(func(ctx context.Context, r repo.AlertRound) error { return r.PutProblems(ctx, all) })
	}
	require.Empty(t, stored())
	put(first, second, other)
	require.Equal(t, []repo.Problem{first, second}, stored())
	first.LeftOut, first.Open = 3, false
	second.RecoveredAt, second.Reason = time.Time{}, ""
	put(first, second)
	require.Equal(t, []repo.Problem{first, second}, stored())
	put()
	require.Equal(t, []repo.Problem{first, second}, stored())
}

// BenchmarkProblems is what it takes to read and store the problems of 64 functions that
// go on failing, which each round does: one after the other, and together.
func BenchmarkProblems(b *testing.B) {
	db := testkit.DB(b)
	all := make([]repo.Problem, 64)
	for i := range all {
		all[i] = newProblem("acme", distinct(i))
	}
	kinds := []struct {
		name  string
		size  int
		spent time.Duration
	}{{name: "single", size: 1}, {name: "together", size: len(all)}}
	for b.Loop() { // in turns: the machine's noise is the same for both
		for k := range kinds {
			began := time.Now()
			require.NoError(b, db.HoldAlertRound(b.Context(), func(r repo.AlertRound) error {
				for part := range slices.Chunk(all, kinds[k].size) {
					if _, err := r.Problems(b.Context(), part); err != nil {
						return err
					}
					if err := r.PutProblems(b.Context(), part); err != nil {
						return err
					}
				}
				return nil
			}))
			kinds[k].spent += time.Since(began)
		}
	}
	for _, kind := range kinds {
		b.ReportMetric(float64(kind.spent.Microseconds())/float64(b.N), kind.name+"-µs/round")
	}
}
