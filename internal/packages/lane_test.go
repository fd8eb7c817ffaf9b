package packages_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit/index"
)

// lane is where a subtenant's packages run, and the packages that need the process lane.
func (b *bench) lane(tenant string) (model.LaneChoice, map[string]string) {
	b.t.Helper()
	env, err := b.db.Environment(b.t.Context(), tenant)
	require.NoError(b.t, err)
	needs := map[string]string{}
	for _, p := range env.Lock {
		if p.NeedsProcess != "" {
			needs[p.Name] = p.NeedsProcess
		}
	}
	return model.ChooseLane(env.LaneSetting, model.LaneAuto, env.Lock), needs
}

func (b *bench) set(tenant string, lane model.LaneName) {
	b.t.Helper()
	_, err := b.db.UpdateSubtenant(b.t.Context(), tenant, func(t *model.Subtenant) error { t.Lane = lane; return nil })
	require.NoError(b.t, err)
}

// A package that refuses sub-interpreters moves the subtenant, and its removal moves it
// back. Of several packages those are named that refuse, not those that need them.
func TestPackagesThatMoveASubtenant(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "good", Version: "1", Binary: index.Extension(t, "good", index.OwnGIL)},
		index.Wheel{Name: "one", Version: "1", Binary: index.Extension(t, "one", index.OneOnly)},
		index.Wheel{Name: "wrapped", Version: "1", Requires: []string{"one"}, Files: map[string]string{
			"wrapped/__init__.py": "try:\n    import one\nexcept ImportError as e:\n    raise RuntimeError('see above') from e\nANSWER = one.ANSWER\n",
		}},
		index.Wheel{Name: "inner", Version: "1", Files: map[string]string{"inner/__init__.py": ""}, Binary: index.Extension(t, "inner.fast", index.OneOnly)},
	)
	b.installed("acme", "good")
	choice, needs := b.lane("acme")
	require.Equal(t, model.LaneEmbedded, choice.Lane)
	require.Empty(t, needs)

	install := b.install("acme", "wrapped")
	require.Equal(t, model.StatusCompleted, install.Status, "%v", install.Problem)
	const reason = "its module one does not support sub-interpreters"
	log := strings.Join(install.Log, "\n")
	require.Contains(t, log, "The package one needs the process lane: "+reason+".")
	require.Contains(t, log, "From the next call on, the functions of this subtenant run in the process lane: the package one needs the process lane: "+reason+".")
	choice, needs = b.lane("acme")
	require.Equal(t, model.LaneChoice{Lane: model.LaneProcess, Reason: "the package one needs the process lane: " + reason}, choice)
	require.Equal(t, map[string]string{"one": reason}, needs)
	require.Equal(t, "42", b.python("acme", "import wrapped; print(wrapped.ANSWER)"))
	require.NoError(t, b.define("acme", "f", "wrapped"))
	f, err := b.db.Function(t.Context(), "acme", "f")
	require.NoError(t, err)
	require.Equal(t, []string{"The package one needs the process lane: " + reason + "."}, f.Lock.Notes())
	require.NoError(t, b.define("acme", "f"))

	// Also a part inside a package, unless the package is known to work without it.
	b.installed("acme", "inner")
	_, needs = b.lane("acme")
	require.Equal(t, map[string]string{"one": reason, "inner": "its module inner.fast does not support sub-interpreters"}, needs)
	require.NoError(t, b.Remove(t.Context(), "acme", "wrapped", nil))
	choice, _ = b.lane("acme")
	require.Equal(t, model.LaneProcess, choice.Lane)
	require.NoError(t, b.Remove(t.Context(), "acme", "inner", nil))
	choice, needs = b.lane("acme")
	require.Equal(t, model.LaneEmbedded, choice.Lane)
	require.Empty(t, needs)
	require.Equal(t, map[string]string{"good": "1"}, b.versions("acme"))
}

// These names are on the list of packages that fall back to Python.
func TestPackagesThatWorkWithoutTheirExtensions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "pyyaml", Version: "1", Files: map[string]string{
			"yaml/__init__.py": "try:\n    from yaml import _yaml\nexcept ImportError:\n    _yaml = None\n",
		}, Binary: index.Extension(t, "yaml._yaml", index.OneOnly)},
		index.Wheel{Name: "above", Version: "1", Requires: []string{"pyyaml"}, Files: map[string]string{"above.py": "import yaml._yaml\n"}},
	)
	install := b.install("acme", "pyyaml")
	require.Equal(t, model.StatusCompleted, install.Status)
	require.Contains(t, strings.Join(install.Log, "\n"), "The module yaml._yaml of the package pyyaml does not support sub-interpreters")
	choice, needs := b.lane("acme")
	require.Equal(t, model.LaneEmbedded, choice.Lane)
	require.Empty(t, needs)
	b.installed("acme", "above") // which cannot do without
	_, needs = b.lane("acme")
	require.Equal(t, map[string]string{"pyyaml": "its module yaml._yaml does not support sub-interpreters"}, needs)
}

// A package that ends the process when it is imported in a sub-interpreter is imported
// in a process of its own; those that come after it are still examined.
func TestPackagesThatCrashInSubInterpreters(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "crash", Version: "1", Binary: index.Extension(t, "crash", index.Crash)},
		index.Wheel{Name: "sub", Version: "1", Binary: index.Extension(t, "sub", index.SubCrash)},
		index.Wheel{Name: "under", Version: "1", Files: map[string]string{"under/__init__.py": ""}, Binary: index.Extension(t, "under.inner", index.SubCrash)},
		index.Wheel{Name: "one", Version: "1", Files: map[string]string{"one/__init__.py": ""}, Binary: index.Extension(t, "one.inner", index.OneOnly)},
		index.Wheel{Name: "zone", Version: "1", Binary: index.Extension(t, "zone", index.OneOnly)},
		index.Wheel{Name: "zoned", Version: "1", Files: map[string]string{"zoned.py": ""}},
		index.Wheel{Name: "all", Version: "1", Requires: []string{"sub", "under", "one", "zone", "zoned"}, Files: map[string]string{"all.py": "import not_there\n"}},
	)
	b.installed("acme", "all")
	choice, needs := b.lane("acme")
	require.Equal(t, model.LaneProcess, choice.Lane)
	require.Len(t, needs, 4)
	for name, reason := range map[string]string{
		"sub":   "its module sub crashed when it was imported: the process was ended by SIGSEGV: segmentation violation, in a sub-interpreter",
		"under": "its module under.inner crashed when it was imported: the process was ended by SIGSEGV: segmentation violation, in a sub-interpreter",
		"one":   "its module one.inner does not support sub-interpreters",
		"zone":  "its module zone does not support sub-interpreters",
	} {
		require.Equal(t, reason, needs[name])
	}
	require.Contains(t, b.refused("zenith", "crash", model.CodePackageUnsupported), "The module crash of the package crash crashed when it was imported")
}

// An administrator's choice is stronger than the packages.
func TestPackagesOfASubtenantWithALane(t *testing.T) {
	t.Parallel()
	b := setup(t, nil,
		index.Wheel{Name: "one", Version: "1", Binary: index.Extension(t, "one", index.OneOnly)},
		index.Wheel{Name: "sub", Version: "1", Binary: index.Extension(t, "sub", index.SubCrash)},
		index.Wheel{Name: "inner", Version: "1", Files: map[string]string{"inner/__init__.py": ""}, Binary: index.Extension(t, "inner.fast", index.OneOnly)},
	)
	b.set("acme", model.LaneEmbedded)
	const advice = `It may work in the process lane, which an administrator can choose: PUT /api/v1/subtenants/acme {"lane": "process"}`
	require.Contains(t, b.refused("acme", "one", model.CodePackageUnsupported), advice)
	require.Contains(t, b.refused("acme", "sub", model.CodePackageUnsupported), advice)
	b.installed("acme", "inner") // it can be imported, and fails in use
	choice, _ := b.lane("acme")
	require.Equal(t, model.LaneEmbedded, choice.Lane)
	require.Contains(t, choice.Reason, "not all packages work: the package inner needs the process lane")
	b.set("acme", model.LaneAuto)
	choice, _ = b.lane("acme")
	require.Equal(t, model.LaneProcess, choice.Lane, "the environment knows what it needs")

	b.set("zenith", model.LaneProcess)
	b.start(embedded) // another server, with another default
	b.installed("zenith", "one")
	_, needs := b.lane("zenith")
	require.Contains(t, needs, "one")
	b.set("zenith", model.LaneAuto)
	require.Contains(t, b.refused("zenith", "sub", model.CodePackageUnsupported), "in the process lane")
}
