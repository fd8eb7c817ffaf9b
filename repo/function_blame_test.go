package repo_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func blame(t *testing.T, db *repo.DB, tenant string, versions ...model.NamedVersion) repo.Blamed {
	t.Helper()
	blamed, err := db.BlameFunction(t.Context(), repo.Blame{Tenant: tenant, Versions: versions, ExecutionID: model.NewID(), Cause: "SIGSEGV at address 0x0"})
	require.NoError(t, err)
	return blamed
}

func quarantine(t *testing.T, db *repo.DB, tenant, name string) *model.Quarantine {
	t.Helper()
	f, err := db.Function(t.Context(), tenant, name)
	require.NoError(t, err)
	refs, err := db.FunctionNames(t.Context(), tenant)
	require.NoError(t, err)
	for _, ref := range refs {
		require.Equal(t, ref.Name == name && f.Quarantine != nil, ref.Quarantined)
	}
	return f.Quarantine
}

func TestQuarantineOfABlamedFunction(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	f := createFunction(t, db, tenant, "f")
	createFunction(t, db, tenant, "g")
	_, err := db.EnsureSubtenant(t.Context(), "zenith")
	require.NoError(t, err)
	createFunction(t, db, "zenith", "f")
	_, err = db.CreateFunction(t.Context(), tenant, model.Function{Name: "shared", Kind: model.KindModule, Code: "x = 1"}, nil, nil)
	require.NoError(t, err)
	first := model.NamedVersion{Name: "f", Number: 1}

	require.Equal(t, repo.Blamed{}, blame(t, db, tenant, model.NamedVersion{Name: "f", Number: 2}), "there is no such version")
	require.Equal(t, repo.Blamed{}, blame(t, db, "nowhere", first))
	require.Equal(t, repo.Blamed{Function: first}, blame(t, db, tenant, model.NamedVersion{Name: "shared", Number: 1}, first, model.NamedVersion{Name: "g", Number: 1}),
		"a module is not blamed, but the function that runs it")
	require.Equal(t, repo.Blamed{Function: first}, blame(t, db, tenant, first))
	blame(t, db, "zenith", first)
	require.Nil(t, quarantine(t, db, tenant, "f"))
	require.Equal(t, repo.Blamed{Function: first, Quarantined: true}, blame(t, db, tenant, first))
	why := quarantine(t, db, tenant, "f")
	require.NotNil(t, why)
	require.Contains(t, why.Reason, "3 times within ten minutes, the last time by SIGSEGV at address 0x0 (execution ")
	require.Nil(t, quarantine(t, db, "zenith", "f"))
	n, err := db.CountQuarantined(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, repo.Blamed{Function: first}, blame(t, db, tenant, first), "it is quarantined already")

	require.NoError(t, db.ReleaseFunction(t.Context(), tenant, "f"))
	require.NoError(t, db.ReleaseFunction(t.Context(), tenant, "f"), "it need not be quarantined")
	require.Equal(t, model.CodeFunctionNotFound, model.CodeOf(db.ReleaseFunction(t.Context(), tenant, "h")))
	require.Nil(t, quarantine(t, db, tenant, "f"))
	blame(t, db, tenant, first)
	blame(t, db, tenant, first)
	require.Nil(t, quarantine(t, db, tenant, "f"), "it counts anew after a release")
	require.True(t, blame(t, db, tenant, first).Quarantined)

	changed, err := db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error { f.Description = &f.Name; return nil }, nil, nil, nil)
	require.NoError(t, err)
	require.NotNil(t, changed.Quarantine, "its code is the same")
	changed, err = db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error { f.Code += "\n"; return nil }, nil, nil, nil)
	require.NoError(t, err)
	require.Nil(t, changed.Quarantine)
	require.Nil(t, quarantine(t, db, tenant, "f"))
	require.False(t, blame(t, db, tenant, first).Quarantined, "of the version before")
	require.Nil(t, quarantine(t, db, tenant, "f"))

	second := model.NamedVersion{Name: "f", Number: 2}
	blame(t, db, tenant, second)
	_, err = db.Pool().Exec(t.Context(), "UPDATE function_blames SET blamed_at = now() - interval '11 minutes' WHERE function_id = $1", repo.UUID(f.ID))
	require.NoError(t, err)
	blame(t, db, tenant, second)
	require.False(t, blame(t, db, tenant, second).Quarantined, "two in ten minutes")
	require.True(t, blame(t, db, tenant, second).Quarantined)
	require.NoError(t, db.DeleteOldBlames(t.Context()))
}
