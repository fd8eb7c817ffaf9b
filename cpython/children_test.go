package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProcessesBeyondTheirBounds(t *testing.T) {
	t.Parallel()
	st := setupLimited(t, Limits{Threads: 5, Memory: 64 << 20}, "many", `import os, subprocess
def many(input):
    children = []
    try:
        for n in range(20):
            if n % 2:
                children.append(subprocess.Popen(["sleep", "1000"]).pid)
            else:
                children.append(os.posix_spawn("/bin/sleep", ["sleep", "1000"], os.environ))
    except OSError as error:
        return [n, type(error).__name__, "runs 5 processes" in str(error)]
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
`, "large", `import subprocess, sys
def large(input):
    code = "x = bytearray(%d << 20); print(len(x) >> 20)" % input
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]
`)
	require.Equal(t, `[5,"BlockingIOError",true]`, st.output("many", "{}"))
	require.Equal(t, `"50"`, st.output("large", "50"))
	require.Equal(t, `"MemoryError"`, st.output("large", "500"))
	require.Equal(t, `[5,"BlockingIOError",true]`, st.output("many", "{}"), "those that have ended do not count")
}
