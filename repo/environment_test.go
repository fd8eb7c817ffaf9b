package repo_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/repo"
)

func locked(name, version string, needs ...string) model.LockedPackage {
	return model.LockedPackage{Name: name, Version: version, File: name + ".whl", SHA256: name + version, Needs: needs}
}

func TestEnvironmentChanges(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	state, err := db.PackageState(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, repo.PackageState{Environment: model.Environment{Tenant: tenant, LaneSetting: model.LaneAuto}, Requested: []repo.RequestedPackage{}, Functions: []repo.FunctionRequirements{}}, state)

	by := "ann@example.com"
	first := model.Lock{locked("alpha", "1", "beta"), locked("beta", "1")}
	env, err := db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{
		Lock: first, Requested: []repo.RequestedPackage{{Name: "alpha", Requirement: "alpha>=1"}}, By: &by,
	})
	require.NoError(t, err)
	require.Equal(t, 1, env.Number)
	require.Equal(t, first, env.Lock)
	require.Equal(t, &by, env.CreatedBy)
	asked, next, err := db.ListPackages(t.Context(), tenant, false, repo.Page{})
	require.NoError(t, err)
	require.Empty(t, next)
	require.Len(t, asked, 1)
	require.Equal(t, "alpha>=1", asked[0].Requirement)
	all, _, err := db.ListPackages(t.Context(), tenant, true, repo.Page{})
	require.NoError(t, err)
	require.Len(t, all, 2)

	_, err = db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: 0, Lock: nil})
	require.ErrorIs(t, err, repo.ErrEnvironmentMoved)

	// The requirements change, the packages do not.
	env, err = db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: 1, Lock: first, Requested: []repo.RequestedPackage{
		{Name: "alpha", Requirement: "alpha>=1"}, {Name: "beta", Requirement: "beta"},
	}})
	require.NoError(t, err)
	require.Equal(t, 1, env.Number)
	again, _, err := db.ListPackages(t.Context(), tenant, false, repo.Page{})
	require.NoError(t, err)
	require.Len(t, again, 2)
	require.Equal(t, asked[0], again[0], "what stays keeps its id and its time")

	env, err = db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: 2})
	require.NoError(t, err)
	require.Equal(t, 2, env.Number, "an empty one is newer too")
	require.Empty(t, env.Lock)
	_, err = db.Package(t.Context(), tenant, "alpha")
	requireCode(t, model.CodePackageNotFound, err)
	_, err = db.ApplyEnvironment(t.Context(), "missing", repo.EnvironmentChange{})
	requireCode(t, model.CodeSubtenantNotFound, err)
}

// With another extra the wheels stay the same, and what needs them does not.
func TestALockWhoseNeedsChangeIsAnotherOne(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	_, err := db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Lock: model.Lock{locked("h2", "1"), locked("httpx", "1")}})
	require.NoError(t, err)
	lock := model.Lock{locked("h2", "1"), locked("httpx", "1", "h2")}
	env, err := db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: 1, Lock: lock})
	require.NoError(t, err)
	require.Equal(t, lock, env.Lock)
	require.Equal(t, 2, env.Number)
}

func TestAnInstallEndsInTheCommitOfWhatItInstalled(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	install, err := db.CreateInstall(t.Context(), tenant, "alpha", "alpha", model.NewID(), nil)
	require.NoError(t, err)
	change := repo.EnvironmentChange{Lock: model.Lock{locked("alpha", "1")}, Install: install.ID}
	_, err = db.ApplyEnvironment(t.Context(), tenant, change)
	require.NoError(t, err)
	require.NoError(t, db.FailLostInstalls(t.Context()), "it is over, even if its server comes back")
	now, err := db.Install(t.Context(), tenant, install.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusCompleted, now.Status)

	// One whose server was taken for gone has failed, and changes nothing any more.
	late, err := db.CreateInstall(t.Context(), tenant, "beta", "beta", model.NewID(), nil)
	require.NoError(t, err)
	require.NoError(t, db.FailLostInstalls(t.Context()))
	_, err = db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: 1, Lock: model.Lock{locked("beta", "1")}, Install: late.ID})
	require.ErrorIs(t, err, repo.ErrInstallOver)
	env, err := db.Environment(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, change.Lock, env.Lock)
}

// A version remembers the packages that are there when it is stored, also when
// its code alone is new: those of before may not go with the others any more.
func TestNewCodeTakesThePackagesOfNow(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	one := model.Lock{locked("alpha", "1", "beta"), locked("beta", "1")}
	f := model.Function{Name: "f", Code: "x", Requirements: []string{"alpha[more]>=1; os_name == \"posix\""}, Lock: one}
	_, err := db.CreateFunction(t.Context(), tenant, f, nil, &repo.EnvironmentChange{Lock: one})
	require.NoError(t, err)
	two := model.Lock{locked("alpha", "2", "beta"), locked("beta", "1"), locked("gamma", "1")}
	_, err = db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Base: 1, Lock: two})
	require.NoError(t, err)
	changed, err := db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error {
		f.Code = "y"
		return nil
	}, nil, nil, nil)
	require.NoError(t, err)
	require.Equal(t, two[:2], changed.Lock)
	version, err := db.FunctionVersion(t.Context(), tenant, "f", 2)
	require.NoError(t, err)
	require.Equal(t, two[:2], version.Lock)
}

func TestAFunctionAndItsPackagesAreOneCommit(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	lock := model.Lock{locked("alpha", "1")}
	f := model.Function{Name: "f", Code: "x", Requirements: []string{"alpha"}, Lock: lock}
	_, err := db.CreateFunction(t.Context(), tenant, f, nil, &repo.EnvironmentChange{Base: 7, Lock: lock})
	require.ErrorIs(t, err, repo.ErrEnvironmentMoved)
	_, err = db.Function(t.Context(), tenant, "f")
	requireCode(t, model.CodeFunctionNotFound, err)

	made, err := db.CreateFunction(t.Context(), tenant, f, nil, &repo.EnvironmentChange{Lock: lock})
	require.NoError(t, err)
	loaded, err := db.Function(t.Context(), tenant, "f")
	require.NoError(t, err)
	require.Equal(t, made, loaded)
	require.Equal(t, lock, loaded.Lock)
	state, err := db.PackageState(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, []repo.FunctionRequirements{{Function: "f", Requirements: []string{"alpha"}}}, state.Functions)
	require.Equal(t, 1, state.Revision)

	changed, err := db.UpdateFunction(t.Context(), tenant, "f", func(f *model.Function) error {
		f.Requirements, f.Lock = nil, nil
		return nil
	}, nil, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 2, changed.Version, "what it requires belongs to the version")
	back, err := db.RollbackFunction(t.Context(), tenant, "f", 1, nil, &repo.EnvironmentChange{Base: 1, Lock: lock})
	require.NoError(t, err)
	require.Equal(t, []string{"alpha"}, back.Requirements)
	require.Equal(t, lock, back.Lock)
	version, err := db.FunctionVersion(t.Context(), tenant, "f", 2)
	require.NoError(t, err)
	require.Empty(t, version.Requirements)
}

func TestOfManyChangesFromOneStateOneIsCommitted(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	var wait sync.WaitGroup
	var done atomic.Int32
	for i := range 8 {
		wait.Go(func() {
			_, err := db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Lock: model.Lock{locked("alpha", string(rune('1'+i)))}})
			if err == nil {
				done.Add(1)
			} else if !errors.Is(err, repo.ErrEnvironmentMoved) {
				t.Errorf("another error: %v", err)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, done.Load())
}

func TestInstalls(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	server, _, err := db.RegisterServer(t.Context(), "test", "folder")
	require.NoError(t, err)
	install, err := db.CreateInstall(t.Context(), tenant, "alpha", "alpha==1", server, nil)
	require.NoError(t, err)
	require.Equal(t, model.StatusPending, install.Status)
	require.NoError(t, db.BeginInstall(t.Context(), tenant, install.ID))
	require.NoError(t, db.AppendInstallLog(t.Context(), tenant, install.ID, []string{"one", "two"}))
	require.NoError(t, db.AppendInstallLog(t.Context(), tenant, install.ID, []string{"three"}))
	require.NoError(t, db.FailLostInstalls(t.Context()))
	now, err := db.Install(t.Context(), tenant, install.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusRunning, now.Status, "its server is there")
	require.Equal(t, []string{"one", "two", "three"}, now.Log)
	require.NoError(t, db.EndInstall(t.Context(), tenant, install.ID, model.NewError(model.CodePackageConflict, "No.")))
	require.NoError(t, db.EndInstall(t.Context(), tenant, install.ID, nil), "it is over")
	now, err = db.Install(t.Context(), tenant, install.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusFailed, now.Status)
	require.Equal(t, model.CodePackageConflict, now.Problem.Code)
	require.False(t, now.CompletedAt.IsZero())

	lost, err := db.CreateInstall(t.Context(), tenant, "alpha", "alpha", model.NewID(), nil)
	require.NoError(t, err)
	require.NoError(t, db.FailLostInstalls(t.Context()))
	now, err = db.Install(t.Context(), tenant, lost.ID)
	require.NoError(t, err)
	require.Equal(t, model.StatusFailed, now.Status)
	_, err = db.Install(t.Context(), "other", lost.ID)
	requireCode(t, model.CodeInstallNotFound, err)
}

// The setting of a lane comes with the environment, and the packages that need the
// process lane with nothing else.
func TestLanesAndPackages(t *testing.T) {
	t.Parallel()
	db, tenant := setup(t)
	found, err := db.ProcessPackages(t.Context(), tenant)
	require.NoError(t, err)
	require.Empty(t, found)
	needs := locked("numpy", "2")
	needs.NeedsProcess = "numpy refuses"
	_, err = db.ApplyEnvironment(t.Context(), tenant, repo.EnvironmentChange{Lock: model.Lock{locked("httpx", "1"), needs, locked("pandas", "3", "numpy")}})
	require.NoError(t, err)
	found, err = db.ProcessPackages(t.Context(), tenant, "absent")
	require.NoError(t, err)
	require.Equal(t, map[string]model.Lock{tenant: {{Name: "numpy", NeedsProcess: "numpy refuses"}}}, found)

	setting := func(want model.LaneName) {
		t.Helper()
		env, err := db.Environment(t.Context(), tenant)
		require.NoError(t, err)
		require.Equal(t, want, env.LaneSetting)
		stored, err := db.Subtenant(t.Context(), tenant)
		require.NoError(t, err)
		require.Equal(t, want, stored.Lane)
	}
	setting(model.LaneAuto)
	_, err = db.UpdateSubtenant(t.Context(), tenant, func(stored *model.Subtenant) error {
		stored.Lane = model.LaneProcess
		return nil
	})
	require.NoError(t, err)
	setting(model.LaneProcess)
}
