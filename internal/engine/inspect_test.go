package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImportable: a .pth file that holds code only, as that of setuptools does, leaves it
// known which modules there are; one that names a folder does not.
func TestImportable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"six.py": "", "yaml/__init__.py": "", "yaml-6.dist-info/METADATA": "", "fast.cpython-314-x86_64-linux-gnu.so": "",
		"distutils-precedence.pth": "import os; var = 'SETUPTOOLS_USE_DISTUTILS'\n", "notes.pth": "# nothing\n\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	names, known := importable(dir)
	require.True(t, known)
	require.Equal(t, map[string]bool{"six": true, "yaml": true, "fast": true}, names)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "more.pth"), []byte("import x\nmore/lib\n"), 0o600))
	_, known = importable(dir)
	require.False(t, known)
	_, known = importable(filepath.Join(dir, "absent"))
	require.False(t, known)
}
