package packages_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
	"maestro/internal/testkit/index"
)

// Of a package that refuses, the wheel of the same version that is Python alone
// is taken, and stays; whether what needs it is imported before it or after it.
func TestAPureWheelInsteadOfOneThatRefuses(t *testing.T) {
	t.Parallel()
	both := []index.Wheel{
		{Name: "both", Version: "1", Binary: index.Extension(t, "both", index.OneOnly)}, {Name: "both", Version: "1"},
		{Name: "inner", Version: "1", Files: map[string]string{"inner/__init__.py": ""}, Binary: index.Extension(t, "inner.fast", index.OneOnly)},
		{Name: "inner", Version: "1", Files: map[string]string{"inner/__init__.py": "", "inner/fast.py": "A = 1\n"}},
		{Name: "user", Version: "1", Requires: []string{"both"}, Files: map[string]string{"user.py": "import both\n"}},
		{Name: "above", Version: "1", Requires: []string{"both"}, Files: map[string]string{"above.py": "import both\n"}},
		{Name: "later", Version: "1", Requires: []string{"inner"}, Files: map[string]string{"later.py": "import inner.fast\n"}},
		{Name: "other", Version: "1"},
	}
	b := setup(t, nil, both...)
	b.installed("acme", "user")
	require.Equal(t, "1", b.python("acme", "import user, both; print(both.VERSION)"))
	env, err := b.db.Environment(t.Context(), "acme")
	require.NoError(t, err)
	pure := *env.Lock.Find("both")
	require.Contains(t, pure.File, "none-any")
	b.installed("acme", "other")
	env, err = b.db.Environment(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, pure, *env.Lock.Find("both"))

	b.installed("zenith", "above")
	require.Equal(t, "1", b.python("zenith", "import above, both; print(both.VERSION)"))

	// A package whose refusing part was never imported is swapped when it is imported.
	b.installed("zenith", "inner")
	b.installed("zenith", "later")
	require.Equal(t, "1", b.python("zenith", "import later, inner.fast; print(inner.fast.A)"))
}

// The response names the package that refuses, not the first one that imports
// it, and the refused environment is removed.
func TestTheRefusalNamesWhoRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, embedded,
		index.Wheel{Name: "zone", Version: "1", Binary: index.Extension(t, "zone", index.OneOnly)},
		index.Wheel{Name: "above", Version: "1", Requires: []string{"zone"}, Files: map[string]string{"above.py": "import zone\n"}},
		index.Wheel{Name: "inner", Version: "1", Files: map[string]string{"inner/__init__.py": ""}, Binary: index.Extension(t, "inner.fast", index.OneOnly)},
		index.Wheel{Name: "later", Version: "1", Requires: []string{"inner"}, Files: map[string]string{"later.py": "import inner.fast\n"}},
	)
	require.Contains(t, b.refused("acme", "above", model.CodePackageUnsupported), "The module zone of the package zone does not support sub-interpreters")
	_, err := os.Stat(filepath.Join(b.dir, "packages", "environments", "acme"))
	require.ErrorIs(t, err, os.ErrNotExist)
	b.installed("acme", "inner")
	detail := b.refused("acme", "later", model.CodePackageUnsupported)
	require.Contains(t, detail, "The module later of the package later")
	require.Contains(t, detail, "module inner.fast does not support loading in subinterpreters, which is of the package inner")
	all, err := filepath.Glob(filepath.Join(b.dir, "packages", "environments", "acme", "*"))
	require.NoError(t, err)
	require.Len(t, all, 1)
}
