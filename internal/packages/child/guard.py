"""Runs a program and kills all of its remaining processes: see the package's
comment. Arguments: the server's settings as JSON, then the program's arguments.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time

LIFELINE = 3  # no data is ever written to its other end
PDEATHSIG, CHILD_SUBREAPER = 1, 36  # of prctl

prctl = ctypes.CDLL(None).prctl


def become(wanted, args):
    """Turns a new process into the program."""
    prctl(PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # in case the guard itself is killed
    for name, most in wanted["limits"].items():
        limit = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(limit, (most, most))
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python
        signal.signal(ignored, signal.SIG_DFL)
    for name in os.listdir("/proc/self/fd"):  # including those that the server's own parent left open
        if int(name) > 2:
            try:
                os.set_inheritable(int(name), False)
            except OSError:
                pass  # the descriptor of the listing itself
    if wanted["report"]:
        os.dup2(wanted["report"], 3)
    program = wanted["program"] or args[0]
    os.execve(program, args, os.environ)


def wait(program, woken, seconds):
    """Returns when the program has ended or must end."""
    end = time.monotonic() + seconds
    poll = select.poll()
    poll.register(LIFELINE, select.POLLIN)
    poll.register(woken, select.POLLIN)
    while True:
        left = end - time.monotonic()
        ready = [fd for fd, _ in poll.poll(max(0, left) * 1000)] if left > 0 else []
        if LIFELINE in ready or not ready:
            return None
        os.read(woken, 512)
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == program:
                return status
            if pid == 0:
                break


def end_all(program):
    """Kills all descendants of this process; returns how the program ended, if it
    is among them. The children of killed processes become this process's own."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                for below in children():
                    try:
                        os.kill(below, signal.SIGKILL)
                    except OSError:
                        pass  # it runs as another user
                pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return found
        if pid == program:
            found = status


def children():
    own = os.getpid()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    parent = stat.read().rpartition(")")[2].split()[1]
            except OSError:
                continue  # it has ended
            if int(parent) == own:
                yield int(name)


def main():
    wanted, args = json.loads(sys.argv[1]), sys.argv[2:]
    prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    program = os.fork()
    if program == 0:
        try:
            become(wanted, args)
        except BaseException as error:
            os.write(2, f"{args[0]} can't be run: {error}\n".encode())
        finally:
            os._exit(127)
    status = wait(program, woken, wanted["seconds"])
    ended = end_all(program)
    code = os.waitstatus_to_exitcode(ended if status is None else status)
    os._exit(code if code >= 0 else 128 - code)


main()
