import os
import signal


def way_exit(): os._exit(3)
def way_abort(): os.abort()
def way_kill_self(pid): os.kill(pid, signal.SIGTERM)
def way_kill_group(): os.kill(0, signal.SIGKILL)
def way_kill_all(): os.kill(-1, signal.SIGKILL)
def way_kill_parent(parent): os.kill(parent, signal.SIGSTOP)
def way_killpg(): os.killpg(os.getpgrp(), signal.SIGKILL)
def way_killpg_zero(): os.killpg(0, signal.SIGKILL)
def way_thread():
    import threading
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
def way_pidfd(pid):
    if not hasattr(signal, "pidfd_send_signal"):  # CPython was built with an older kernel's headers
        os.kill(pid, signal.SIGTERM)
    signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGTERM)
def way_raise(): signal.raise_signal(signal.SIGSEGV)
def way_module_again():
    import importlib.machinery
    import importlib.util
    spec = importlib.machinery.ModuleSpec("posix", importlib.machinery.BuiltinImporter)
    importlib.util.module_from_spec(spec)._exit(3)
def way_posix():
    import posix
    posix._exit(3)


def fine_child():
    import subprocess
    child = subprocess.Popen(["sleep", "100"])
    child.send_signal(signal.SIGTERM)
    assert child.wait() == -signal.SIGTERM
def fine_group():
    import subprocess
    child = subprocess.Popen(["sh", "-c", "sleep 100 & wait"], start_new_session=True)
    os.killpg(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
def fine_question(pid): os.kill(pid, 0)
def fine_sys_exit():
    import sys
    try:
        sys.exit(1)
    except SystemExit:
        pass
