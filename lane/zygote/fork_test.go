package zygote_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"maestro/internal/model"
)

// Processes that code forks, and others that it starts, in a process of one subtenant.
func TestProcessesOfCode(t *testing.T) {
	t.Parallel()
	cfg := config(t, "multiprocessing", "concurrent.futures.process", "asyncio")
	z := start(t, cfg)
	for _, test := range []struct {
		name, source, output string
		lines                []string
	}{
		{"fork", `
import os
def f(input):
    print("begun, ", end="")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        print("in the child")
        os.write(1, b"raw\n")
        os.write(writing, b"result")
        os._exit(7)
    print("in the parent")
    os.close(writing)
    status = os.waitpid(pid, 0)[1]
    return [os.read(reading, 10).decode(), os.waitstatus_to_exitcode(status)]
`, `["result", 7]`, []string{"begun, in the parent", "in the child", "raw"}},
		{"return in the child", `
import os
def f(input):
    pid = os.fork()
    if pid == 0:
        return "lost"
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
`, `0`, nil},
		{"exit in the child", `
import os, sys
def f(input):
    pid = os.fork()
    if pid == 0:
        sys.exit(5)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
`, `5`, nil},
		{"exception in the child", `
import os
def f(input):
    pid = os.fork()
    if pid == 0:
        raise ValueError("of the child")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
`, `1`, []string{"ValueError: of the child"}},
		{"sibling in the child", `
import os
def f(input):
    pid = os.fork()
    if pid == 0:
        try:
            sibling(1)
        except RuntimeError as error:
            print(error)
        os._exit(0)
    os.waitpid(pid, 0)
`, `null`, []string{"this is not available in a process that code has forked: call sibling functions and use maestro in the process that runs the call, and pass the results on"}},
		{"coroutine", `
import asyncio, os
async def f(input):
    await asyncio.sleep(0)
    pid = os.fork()
    if pid == 0:
        print("in the child")
        return
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
`, `0`, []string{"in the child"}},
		{"thread", `
import os, threading
def f(input):
    found = []
    def run():
        pid = os.fork()
        if pid == 0:
            print("in the child")
            os._exit(3)
        found.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found
`, `[3]`, []string{"in the child"}},
		{"subprocess of the child", `
import os, subprocess
def f(input):
    pid = os.fork()
    if pid == 0:
        subprocess.run(["echo", "of the grandchild"], check=True)
        print(subprocess.check_output(["echo", "read"], text=True).strip())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
`, `0`, []string{"of the grandchild", "read"}},
		{"context fork", `
import multiprocessing
def work(queue, number):
    print("works")
    queue.put(number * 2)
def f(input):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=work, args=(queue, 21))
    process.start()
    value = queue.get()
    process.join()
    return [value, process.exitcode]
`, `[42, 0]`, []string{"works"}},
		{"pool of forks", `
import multiprocessing
def square(number):
    return number * number
def f(input):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(square, range(5))
`, `[0, 1, 4, 9, 16]`, nil},
		{"executor of forks", `
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def square(number):
    return number * number
def f(input):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        return list(pool.map(square, range(5)))
`, `[0, 1, 4, 9, 16]`, nil},
		{"spawn", `
import math, multiprocessing
def f(input):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(math.isqrt, [4, 9])
`, `[2, 3]`, nil},
		{"forkserver", `
import math, multiprocessing
def f(input):
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        return pool.map(math.isqrt, [4, 9])
`, `[2, 3]`, nil},
		{"default executor", `
import math
from concurrent.futures import ProcessPoolExecutor
def f(input):
    with ProcessPoolExecutor(1) as pool:
        return list(pool.map(math.isqrt, [4, 9]))
`, `[2, 3]`, nil},
		{"terminate", `
import multiprocessing, time
def f(input):
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
    process.start()
    process.terminate()
    process.join()
    return process.exitcode
`, `-15`, nil},
		{"preexec_fn", `
import subprocess
def f(input):
    return subprocess.run(["true"], preexec_fn=lambda: print("before the program")).returncode
`, `0`, []string{"before the program"}},
		{"forkpty", `
import os
def f(input):
    pid, fd = os.forkpty()
    if pid == 0:
        os.write(1, b"on a terminal")
        os._exit(4)
    text = os.read(fd, 100).decode()
    return [text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]
`, `["on a terminal", 4]`, nil},
		{"signal in the child", `
import os, signal
def f(input):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGUSR1, lambda *_: os._exit(9))
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.pause()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
`, `9`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := begin(t, cfg, z.Fork)
			a := p.call(t, test.source, 30)
			require.Nil(t, a.Failure, "%+v %v", a.Failure, a.Lines)
			require.JSONEq(t, test.output, string(a.Output), a.Lines)
			for _, line := range test.lines {
				require.True(t, slices.Contains(a.Lines, line), "%q in %q", line, a.Lines)
			}
		})
	}
}

func TestStopOfForkedProcesses(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	z := start(t, cfg)
	p := begin(t, cfg, z.Fork)
	a := p.call(t, `
import os, time
def f(input):
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    print(pid)
    os.waitpid(pid, 0)
`, 1)
	require.Equal(t, model.FailureTimeout, a.Failure.Kind)
	require.Len(t, a.Lines, 1)
	require.Eventually(t, func() bool { return !lives(a.Lines[0]) }, eventually, often)
	require.Equal(t, "1", p.value(t, "def f(input):\n    return 1\n"))
}
