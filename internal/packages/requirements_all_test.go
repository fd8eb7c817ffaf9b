package packages_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit/index"
	"maestro/repo"
)

// The requirements of several functions are installed together: what one of them
// had no longer counts when it gets others in the same request.
func TestRequirementsOfSeveralFunctions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, index.Wheel{Name: "alpha", Version: "1"}, index.Wheel{Name: "alpha", Version: "2"}, index.Wheel{Name: "beta", Version: "1"})
	require.NoError(t, b.define("acme", "f", "alpha==1"))

	stored := 0
	all := func(wanted ...repo.FunctionRequirements) error {
		return b.WithAllRequirements(t.Context(), "acme", wanted, nil, func(ctx context.Context, change *repo.EnvironmentChange) error {
			stored++
			return b.db.ChangeSource(ctx, "acme", func(tx *repo.SourceTx) error {
				if err := tx.Packages(ctx, change); err != nil {
					return err
				}
				for _, w := range wanted {
					before, err := tx.Function(ctx, w.Function)
					if err != nil {
						return err
					}
					if _, err := tx.PutFunction(ctx, before, model.Function{Name: w.Function, Code: "x", Requirements: w.Requirements}, nil); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	err := all(repo.FunctionRequirements{Function: "g", Requirements: []string{"beta"}}, repo.FunctionRequirements{Function: "h", Requirements: []string{"alpha==2"}})
	require.Equal(t, model.CodePackageConflict, model.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "alpha==1 of the function f")
	require.Zero(t, stored)
	require.Equal(t, map[string]string{"alpha": "1"}, b.versions("acme"), "not even beta")

	require.NoError(t, all(repo.FunctionRequirements{Function: "f", Requirements: []string{"beta"}}, repo.FunctionRequirements{Function: "h", Requirements: []string{"alpha==2"}}))
	require.Equal(t, map[string]string{"alpha": "2", "beta": "1"}, b.versions("acme"))
	h, err := b.db.Function(t.Context(), "acme", "h")
	require.NoError(t, err)
	require.Len(t, h.Lock, 1)
	require.Equal(t, "2", h.Lock[0].Version)
	require.Equal(t, 1, h.Version)
	f, err := b.db.Function(t.Context(), "acme", "f")
	require.NoError(t, err)
	require.Equal(t, 2, f.Version)
	require.Equal(t, "beta", f.Lock[0].Name)
}
