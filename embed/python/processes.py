"""Child processes: their environment, which is the subtenant's, and
multiprocessing, which can run code that another process can import.
"""

import posix
import sys
from types import FunctionType, ModuleType

import _maestro


def set_variable(name, value):
    """Sets an environment variable before the subtenant's code runs, also where
    os, which copies them, is not yet imported.
    """
    if "os" in sys.modules:
        sys.modules["os"].environ[name] = value
    else:
        name, value = name.encode(), value.encode("utf-8", "surrogateescape")
        posix.environ[name] = value
        posix.putenv(name, value)


# What a child process imports must not be written to: the kit and the packages
# are shared, and stay as they are.
set_variable("PYTHONDONTWRITEBYTECODE", "1")


def share_packages(paths):
    """Lets child processes find the subtenant's packages."""
    set_variable("PYTHONPATH", ":".join(paths))


def run_system(command):
    """os.system, by way of subprocess: the environment and the output are the
    subtenant's. Returns the status of the shell as os.waitpid has it.
    """
    import os
    import subprocess

    process = subprocess.Popen(["/bin/sh", "-c", os.fsdecode(command)])
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = os.waitstatus_to_exitcode(status)
    return status


def _ready_context(module):
    """There is no process to fork in the server. A fork server would be one, but what it
    forks is not known here and could outlive the interpreter. In a process of one subtenant
    both are there, for code that asks for them.
    """

    class ForkServerContext(module.SpawnContext):
        _name = "forkserver"

    contexts = module._concrete_contexts
    if not _maestro.alone:
        contexts["forkserver"] = ForkServerContext()
    module._default_context._default_context = contexts["spawn"]


def _ready_tracker(module):
    # It blocks signals while it starts its process, which is not needed: none
    # reach this thread.
    module._HAVE_SIGMASK = False
    launch = module.ResourceTracker._launch

    def _launch(self):
        launch(self)
        _maestro.keep_child(self._pid)

    module.ResourceTracker._launch = _launch
    _shield(module.ResourceTracker, "_ensure_running_and_write")


def leave_tracker():
    """Lets the process end that frees what multiprocessing has left behind. It does once nothing can
    write to it any more, and the modules of a process of one subtenant are not cleared at its end.
    """
    module = sys.modules.get("multiprocessing.resource_tracker")
    tracker = getattr(module, "_resource_tracker", None)
    if getattr(tracker, "_fd", None) is not None:
        posix.close(tracker._fd)
        tracker._fd = tracker._pid = None


def _ready_process(module):
    _shield(module.BaseProcess, "start")


def _shield(owner, *names):
    """Makes methods finish what they have begun when their call is stopped: they
    hold locks that all processes of the interpreter share, for a short time.
    """
    for name in names:
        function = getattr(owner, name)

        def shielded(*arguments, _function=function, **named):
            return _maestro.shielded(_function, *arguments, **named)

        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(shielded, attribute, getattr(function, attribute))
        shielded.__wrapped__ = function  # its signature
        setattr(owner, name, shielded)


def _ready_threads(module):
    """Has the threads that a module starts belong to no call: they carry answers
    between processes, and what waits for one would wait for ever if they were stopped
    with a call. The module knows Thread as an attribute of threading.
    """
    import threading

    class Thread(threading.Thread):
        def start(self):
            _of_no_call.copy().run(super().start)  # noqa: F821 (work.py)

    names = ModuleType("threading")
    names.__dict__.update(threading.__dict__)
    names.Thread = Thread
    module.threading = names


def _ready_executor(module):
    start = module._ExecutorManagerThread.start

    def start_of_no_call(self):
        _of_no_call.copy().run(start, self)  # noqa: F821 (work.py)

    module._ExecutorManagerThread.start = start_of_no_call
    _shield(module.ProcessPoolExecutor, "submit")


def _ready_popen(module):
    # A worker of a pool that is killed may have taken a lock of the pool's. The
    # pool ends its workers by itself, and serves later calls with them.
    def _executor_worker():
        executors = sys.modules.get("concurrent.futures.process")
        return executors and executors._process_worker

    launch = module.Popen._launch

    def _launch(self, process):
        launch(self, process)
        if "PoolWorker" in process._name:
            _maestro.spare_child(self.pid)
        if "PoolWorker" in process._name or process._target is _executor_worker():
            _maestro.pool_child(self.pid)

    module.Popen._launch = _launch


_forks = False  # a process was forked, which has the stored code


def _ready_fork(module):
    launch = module.Popen._launch

    def _launch(self, process):
        global _forks
        _forks = True
        launch(self, process)

    module.Popen._launch = _launch
    _ready_popen(module)


def _ready_forkserver(module):
    # It serves later calls too.
    ensure = module.ForkServer.ensure_running

    def ensure_running(self):
        ensure(self)
        _maestro.pool_child(self._forkserver_pid)

    module.ForkServer.ensure_running = ensure_running


def _ready_pool(module):
    """What waits for an answer of a pool is stopped between two looks at it."""
    moment = 0.1
    wait_result, next_result = module.ApplyResult.wait, module.IMapIterator.next

    def wait(self, timeout=None):
        if timeout is not None:
            return wait_result(self, timeout)
        while not self.ready():
            wait_result(self, moment)

    def next(self, timeout=None):
        if timeout is None:
            with self._cond:
                while not self._items and self._index != self._length:
                    self._cond.wait(moment)
        return next_result(self, timeout)

    module.ApplyResult.wait = wait
    module.IMapIterator.next = module.IMapIterator.__next__ = next
    _shield(module.Pool, "__init__", "terminate")
    _ready_threads(module)


def _is_stored_code(value):
    """Whether a function or class is of stored code, which no other process has."""
    if isinstance(value, FunctionType):
        return value.__code__.co_filename in _sources  # noqa: F821 (modules.py)
    if value.__module__ == "maestro":
        return True
    module = sys.modules.get(value.__module__)
    return getattr(module, "__file__", None) in _sources  # noqa: F821


def _ready_reduction(module):
    """A process that is told to run something that it cannot import dies of it.
    multiprocessing.Pool would start another one, again and again.
    """
    sibling = _maestro.Sibling

    def reducer_override(self, value):
        if isinstance(value, (FunctionType, type)):
            if _forks or not _is_stored_code(value):
                return NotImplemented
        elif isinstance(value, Headers):  # noqa: F821 (api.py)
            return dict, (dict(value),)
        elif not isinstance(value, sibling):
            return NotImplemented
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "")
        raise RuntimeError(
            f"{name!r} cannot be used in another process, which has no stored functions: use a ThreadPoolExecutor, "
            "maestro.spawn() for work of its own, or a function of the standard library or of an installed package"
        )

    module.ForkingPickler.reducer_override = reducer_override


def _ready_ssl(module):
    """OpenSSL reads these variables of the server's, and not of os.environ."""
    import os

    def set_default_verify_paths(self):
        super(module.SSLContext, self).set_default_verify_paths()
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        if (file, folder) == _certificates:
            return
        file = file if file and os.path.isfile(file) else None
        folder = folder if folder and os.path.isdir(folder) else None
        if file or folder:
            self.load_verify_locations(file, folder)

    module.SSLContext.set_default_verify_paths = set_default_verify_paths


def _first(name):
    value = posix.environ.get(name)
    return value and value.decode("utf-8", "surrogateescape")


_certificates = _first(b"SSL_CERT_FILE"), _first(b"SSL_CERT_DIR")  # the server's
when_imported("concurrent.futures.process")(_ready_executor)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.context")(_ready_context)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.forkserver")(_ready_forkserver)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.pool")(_ready_pool)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.popen_fork")(_ready_fork)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.popen_spawn_posix")(_ready_popen)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.process")(_ready_process)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.queues")(_ready_threads)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.reduction")(_ready_reduction)  # noqa: F821 (on_import.py)
when_imported("multiprocessing.resource_tracker")(_ready_tracker)  # noqa: F821 (on_import.py)
when_imported("ssl")(_ready_ssl)  # noqa: F821 (on_import.py)
