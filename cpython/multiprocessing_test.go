package cpython

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Processes run what they can import; for stored functions the error comes at
// once, and says what to use.
func TestMultiprocessing(t *testing.T) {
	t.Parallel()
	st := setup(t, "uses", attempt+`import functools, math, multiprocessing, operator, subprocess, time
from concurrent.futures import ProcessPoolExecutor
class Stored: pass
def stored(x): return x
def pool(function, context=multiprocessing):
    with context.Pool(2) as pool:
        return pool.map(function, [1, 4])
def executor(function, **named):
    with ProcessPoolExecutor(2, **named) as pool:
        return list(pool.map(function, [1, 4]))
def process(*arguments):
    p = multiprocessing.Process(target=arguments[0], args=arguments[1:])
    p.start()
    p.join()
    return p.exitcode
def manager():
    with multiprocessing.Manager() as manager:
        shared = manager.dict(a=1)
        return dict(shared)
def queue():
    queue = multiprocessing.Queue()
    p = multiprocessing.Process(target=queue.put, args=(3,))
    p.start()
    found = queue.get(timeout=20)
    p.join()
    return found
def uses(input):
    fork, forkserver = multiprocessing.get_context("fork"), multiprocessing.get_context("forkserver")
    works = [pool(math.sqrt), executor(math.sqrt), pool(functools.partial(operator.add, 1), forkserver), process(time.sleep, 0),
             manager(), queue(), subprocess.run([sys.executable, "-c", "raise SystemExit(7)"]).returncode]
    fails = [attempt(pool, stored), attempt(pool, functools.partial(stored)), attempt(pool, lambda x: x), attempt(executor, stored),
             attempt(executor, math.sqrt, initializer=stored), attempt(process, stored, 1), attempt(process, print, Stored()),
             attempt(process, other), attempt(pool, math.sqrt, fork), attempt(executor, math.sqrt, mp_context=fork)]
    return [works, [f for f in fails if not str(f).startswith("RuntimeError") or not ("ThreadPoolExecutor" in f or "spawn" in f)],
            multiprocessing.get_start_method(), os.fsdecode(multiprocessing.spawn.get_executable()) == sys.executable == sys._base_executable]
`, "other", "def other(input): pass\n")
	require.JSONEq(t, `[[[1,2],[1,2],[2,5],0,{"a":1},3,7],[],"spawn",true]`, st.output("uses", "null"))
}

// Processes and their shared resources end with the interpreter.
func TestMultiprocessingLeavesNothing(t *testing.T) {
	t.Parallel()
	var left string
	t.Run("", func(t *testing.T) {
		st := setup(t, "leaves", `import multiprocessing, time
from multiprocessing import shared_memory
kept = []
def leaves(input):
    lock, memory = multiprocessing.Lock(), shared_memory.SharedMemory(create=True, size=10)
    p = multiprocessing.Process(target=time.sleep, args=(1000,))
    p.start()
    kept.extend([lock, memory, p, multiprocessing.Pool(2)])
    return [f"/proc/{p.pid}", "/dev/shm/" + memory.name, "/dev/shm/sem." + lock._semlock.name.lstrip("/")]
`, "exist", "import os\ndef exist(input): return [os.path.exists(p) for p in input]\n")
		left = st.output("leaves", "null")
		require.JSONEq(t, "[true,true,true]", st.output("exist", left))
	})
	st := setup(t, "exist", "import os\ndef exist(input): return [os.path.exists(p) for p in input]\n")
	require.JSONEq(t, "[false,false,false]", st.output("exist", left))
}
