package process

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Code that reads or writes a mapped file beyond its end, as when that was shortened meanwhile, gets
// an OSError, and its process goes on.
func TestMappedFileThatIsShortened(t *testing.T) {
	t.Parallel()
	s := newStore(t, startLane(t, Options{}))
	s.define("f", `
import mmap, os, tempfile
def touch(m, way):
    if way == "read":
        return m[40000]
    if way == "write":
        m[40000] = 1
    if way == "all":
        return len(bytes(m[:]))
    if way == "find":
        return m.find(b"y")
def f(way):
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 65536)
        file.flush()
        with mmap.mmap(file.fileno(), 65536) as m:
            file.truncate(4096)
            try:
                touch(m, way)
                for _ in range(100): pass
            except OSError as e:
                return [type(e).__name__, os.getpid()]
    return ["none", os.getpid()]
`)
	first, _ := s.must("f", `"read"`)
	require.Contains(t, first, `["OSError",`)
	for _, way := range []string{`"write"`, `"all"`, `"find"`, `"read"`} {
		output, _ := s.must("f", way)
		require.Equal(t, first, output, way)
	}
}
