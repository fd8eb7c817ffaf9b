"""Children of functions, which the kernel keeps from the server's files."""

import os
import subprocess
import sys


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return f"{done.returncode}: {done.stdout}{done.stderr}"
def way_key(key): return run("cat", key)
def way_shell(key): return run("sh", "-c", f"cd /; exec 3< {key} && cat <&3")
def way_token(token): return run("cat", token)
def way_other(other): return run("cat", other + "/file")
def way_list(data): return run("ls", data)
def way_link(key): return run("ln", key, "hard-link")
def way_copy(key): return run("cp", key, "copied")
def way_write(outside): return run("touch", outside + "/new")
def way_kit(): return run("touch", os.path.dirname(os.__file__) + "/planted.py")
def way_remove(key): return run("rm", "-f", key)
def way_temporary(): return run("sh", "-c", "mkdir /t''mp/planted-by-child")
def way_signal(pid): return run("sh", "-c", f"kill -0 {pid}")
def way_environ(pid): return run("cat", f"/proc/{pid}/environ")
def way_memory(pid): return run("head", "-c", "1", f"/proc/{pid}/mem")
def way_descriptor(pid, fd): return run("cat", f"/proc/{pid}/fd/{fd}")
def way_python(key): return run(sys.executable, "-c", f"print(open({key!r}).read())")
def way_spawn(key):
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"cat {key} > spawned-copy"], dict(os.environ))
    return f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}: " + open("spawned-copy").read()
def way_grandchild(key): return run("sh", "-c", f"sh -c 'cat {key}'")
def way_passed(fd):
    try:
        return run("true") + str(subprocess.run(["cat", f"/proc/self/fd/{fd}"], pass_fds=[fd], capture_output=True, text=True).stdout)
    except PermissionError as e:
        return f"1: {e}"
def way_spawn_descriptor(fd):
    try:
        pid = os.posix_spawn("/bin/cat", ["cat"], {}, file_actions=[(os.POSIX_SPAWN_DUP2, fd, 0)])
    except OSError as e:
        return f"1: {e}"
    return f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}: "


def fine_own(home):
    assert run("sh", "-c", "echo x > y && cat y && mv y z && rm z && mkdir -p d && rmdir d").startswith("0: x")
def fine_system():
    assert run("cat", "/etc/hosts").startswith("0: ") and run("ls", "/usr/bin").startswith("0: ") and run("cat", "/proc/meminfo").startswith("0: ")
def fine_device(): assert run("sh", "-c", "head -c 4 /dev/urandom > /dev/null").startswith("0: ")
def fine_group(): assert run("sh", "-c", "sleep 100 & kill $! && wait $! ; true").startswith("0: ")
def fine_script():
    with open("script.sh", "w") as file:
        file.write("#!/bin/sh\necho ran $1\n")
    os.chmod("script.sh", 0o700)
    assert run("./script.sh", "/tmp/a").strip() == "0: ran " + os.environ["TMPDIR"] + "/a"
