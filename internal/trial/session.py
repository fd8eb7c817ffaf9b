"""The function that is pytest, and its plugin: it runs in the interpreter of the functions
that it tests, as the outermost call.

Tests see the functions in three ways: the fixture `maestro` runs them as requests do;
their plain names call them as siblings; `import NAME` has their modules, whose
names can be patched.
"""

import _socket
import base64
import builtins
import importlib
import importlib.machinery
import inspect
import json as _json
import os
import sys
import threading
from types import ModuleType

import maestro as _api
import pytest

_settings = {}
_doubles = {}  # name of a function -> what stands in for it
_tests = []  # what each test came to
_test_thread = None  # identifier of the thread that runs tests
_running = False  # a test


def _connect():
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(_settings["control"])
    return connection


def _ask(do, **members):
    """Sends a request to the program around this one, and returns the result."""
    connection = _connect()
    try:
        connection.sendall(_json.dumps({"do": do, **members}).encode() + b"\n")
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    finally:
        connection.close()
    if not parts:
        raise RuntimeError("the tests are coming to an end")
    answer = _json.loads(b"".join(parts))
    if answer.get("code") == "function_not_found":
        raise NameError(answer["error"], name=members.get("function"))
    if answer.get("error"):
        raise RuntimeError(answer["error"])
    return answer["result"]


class TimeLimit(BaseException):
    """The test ran past its time limit."""

    __module__ = "maestro_test"

    def __init__(self, message="the test ran past its time limit (--timeout)"):
        super().__init__(message)


def _interrupt_tests():
    """Raises an exception in the thread of the tests for each line of the program."""
    import ctypes

    connection = _connect()
    connection.sendall(b'{"do": "listen"}\n')
    while line := connection.recv(64):
        reason = TimeLimit if line.startswith(b"time limit") else KeyboardInterrupt
        if _running or reason is KeyboardInterrupt:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(_test_thread), ctypes.py_object(reason))
        connection.sendall(b"\n")


class Error:
    """Why a run or a step has failed."""

    __module__ = "maestro_test"

    def __init__(self, shown):
        self.type = shown["type"]
        self.message = shown["message"]
        self.traceback = shown["traceback"]
        self.errors = shown["errors"]

    def __repr__(self):
        return f"<Error {self}>"

    def __str__(self):
        return f"{self.type}: {self.message}"


class Line:
    """A line that a function has printed or logged."""

    __module__ = "maestro_test"

    def __init__(self, shown):
        self.function = shown["function"]
        self.stream = shown["stream"]
        self.level = shown["level"]
        self.text = shown["text"]
        self.fields = shown["fields"] or {}

    def __repr__(self):
        return f"<Line {self.function} {self.stream or self.level}: {self.text!r}>"


class Step:
    """A call of a function within a run, as it is recorded."""

    __module__ = "maestro_test"

    def __init__(self, shown):
        self.id = shown["id"]
        self.function = shown["function"]
        self.depth = shown["depth"]
        self.status = shown["status"]
        self.input = shown["input"]
        self.output = shown["output"]
        self.error = Error(shown["error"]) if shown["error"] else None
        self.duration_ms = shown["duration_ms"]
        self.steps = []

    def __repr__(self):
        return f"<Step {self.function} {self.status}>"


class Failed(AssertionError):
    """A run has failed whose result was asked for."""

    __module__ = "maestro_test"


class Run:
    """A run of a function, as its execution is recorded."""

    __module__ = "maestro_test"

    def __init__(self, shown):
        self.execution_id = shown["execution_id"]
        self.function = shown["function"]
        self.status = shown["status"]
        self.trigger = shown["trigger"]
        self.attempt = shown["attempt"]
        self.input = shown["input"]
        self.response = shown["response"]
        self.error = Error(shown["error"]) if shown["error"] else None
        self.logs = [Line(line) for line in shown["logs"]]
        self.duration_ms = shown["duration_ms"]
        self._result = shown["result"]
        self.steps = []
        self.children = []
        by_id = {}
        for one in shown["steps"]:
            step = by_id[one["id"]] = Step(one)
            self.steps.append(step)
            parent = by_id.get(one.get("parent"))
            (parent.steps if parent else self.children).append(step)

    @property
    def result(self):
        """What the function returned, as JSON. An AssertionError if it has failed."""
        __tracebackhide__ = True
        if self.status != "completed":
            raise Failed(f"{self.function} has no result: it {self.status.replace('_', ' ')}\n{self._report()}")
        return self._result

    def _report(self):
        if self.error is None:
            return ""
        lines = [self.error.traceback or str(self.error)]
        lines += [f"{e.get('pointer') or '/'}: {e['message']}" for e in self.error.errors]
        return "\n".join(lines)

    def calls(self, function):
        """The steps that are calls of that function, in the order in which they began."""
        return [step for step in self.steps if step.function == function]

    def tree(self):
        """The run and its steps as text, a line each."""
        lines = [f"{self.function} {self.status}"]
        lines += [f"{'  ' * step.depth}{step.function} {step.status}" for step in self.steps]
        return "\n".join(lines)

    def __repr__(self):
        return f"<Run of {self.function}, {self.status}>"


class Spawned:
    """A run that a function has queued by maestro.spawn()."""

    __module__ = "maestro_test"

    def __init__(self, shown):
        self.execution_id = shown["execution_id"]
        self.function = shown["function"]
        self.input = shown["input"]
        self.delay = shown["delay"]

    def __repr__(self):
        return f"<Spawned {self.function}>"


class Maestro:
    """The fixture `maestro`: runs the functions of the folder. What it changes is undone at
    the end of the test.
    """

    __module__ = "maestro_test"

    def __init__(self):
        self._replaced = {}
        self._secrets = set()

    def run(self, function, input={}, *, request=None, trigger=None):
        """Runs a function as a request to the API does, and returns its record.

        request is what maestro.request() returns in it: a dict with method, url, headers and body.
        """
        __tracebackhide__ = True
        members = {"function": _name_of(function), "input": input}
        if request is not None:
            members["http"] = _request(request)
        if trigger is not None:
            members["trigger"] = trigger
        return _printed(Run(_ask("run", **members)))

    def call(self, function, input={}):
        """Calls a function as another function does: its exceptions are raised here."""
        __tracebackhide__ = True
        return _api.call(_name_of(function), input)

    def replace(self, function, double):
        """Lets a callable stand in for a function, in all its callers. Its input and
        result are validated and recorded as those of the function.
        """
        name = _name_of(function)
        if not callable(double):
            raise TypeError(f"replace() takes a callable, such as lambda input: {double!r}")
        if _settings["functions"].get(name) == "module":
            raise TypeError(f"{name} is a module: patch its names where they are used, as in monkeypatch.setattr")
        if name not in self._replaced:
            self._replaced[name] = _doubles.get(name)
        _doubles[name] = double
        _ask("replace", function=name, code=_code_of_double(name, double))
        return double

    def secret(self, name, value):
        """Sets a secret, which maestro.secret() returns."""
        _ask("secret", name=name, value=value)
        self._secrets.add(name)

    @property
    def spawned(self):
        """The runs that functions have queued by maestro.spawn(), which have not run."""
        return [Spawned(one) for one in _ask("spawned")]

    def run_spawned(self):
        """Runs them, and what they spawn. Attempts that fail are retried at once, by the
        function's retry policy. Returns their records.
        """
        return [_printed(Run(one)) for one in _ask("run spawned")]

    def _undo(self):
        for name, before in self._replaced.items():
            if before is None:
                _doubles.pop(name, None)
                _ask("restore", function=name)
            else:
                _doubles[name] = before
                _ask("replace", function=name, code=_code_of_double(name, before))
        for name in self._secrets:
            _ask("secret", name=name, value=None)
        _ask("forget spawned")


def _name_of(function):
    if isinstance(function, str):
        return function
    name = getattr(function, "__name__", None)
    if isinstance(name, str):
        return name.removeprefix("functions.")
    raise TypeError(f"the name of a function is needed, not {type(function).__name__}")


def _request(given):
    body = given.get("body", b"")
    if not isinstance(body, (str, bytes)):
        body = _json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    return {
        "method": given.get("method", "POST"),
        "url": given.get("url", "http://localhost/"),
        "headers": dict(given.get("headers") or {}),
        "body": base64.b64encode(body).decode(),
    }


def _printed(run):
    """Shows the output of a run as that of the test, so that pytest captures it."""
    for line in run.logs:
        if line.stream:
            print(line.text, file=sys.stderr if line.stream == "stderr" else sys.stdout)
    return run


def _kind_of(name, double):
    """Whether the function is async, and whether it yields; of one that there is none, of its double."""
    original = double
    if name in _settings["functions"]:
        original = _originals.get(name)
        if original is None:
            original = _originals[name] = vars(_module_of(name)).get(name, double)
    is_async = inspect.iscoroutinefunction(original) or inspect.isasyncgenfunction(original)
    return is_async, inspect.isgeneratorfunction(original) or inspect.isasyncgenfunction(original)


_originals = {}  # name of a function -> the function of the folder


def _code_of_double(name, double):
    is_async, yields = _kind_of(name, double)
    head = "async " if is_async else ""
    body = {
        (False, False): "    return __maestro_double__(NAME, input)",
        (True, False): "    return await __maestro_await__(__maestro_double__(NAME, input))",
        (False, True): "    yield from __maestro_double__(NAME, input)",
        (True, True): "    async for item in __maestro_items__(__maestro_double__(NAME, input)):\n        yield item",
    }[is_async, yields]
    return f"{head}def {name}(input):\n{body.replace('NAME', repr(name))}\n"


def _call_double(name, input):
    return _doubles[name](input)


async def _await_double(value):
    return await value if inspect.isawaitable(value) else value


async def _items_of_double(value):
    if hasattr(type(value), "__aiter__"):
        async for item in value:
            yield item
    else:
        for item in value:
            yield item


class _Tested(ModuleType):
    """The module of a function, with the siblings that its code calls: the code finds
    the names that are patched there. Tests see the function itself; for the code of
    other functions it is their sibling, as on a server.
    """

    def __getattribute__(self, attribute):
        own = ModuleType.__getattribute__(self, "__name__")
        asks = sys._getframe(1).f_globals.get("__name__", "")
        if own == f"functions.{attribute}" and asks.startswith("functions.") and asks != own:
            return _api._sibling(attribute)
        return ModuleType.__getattribute__(self, attribute)

    def __call__(self, *args, **options):
        return _api._sibling(self.__name__.removeprefix("functions."))(*args, **options)

    def __getattr__(self, name):
        if _settings["functions"].get(name) == "function":
            return _api._sibling(name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _module_of(name):
    module = importlib.import_module("functions." + name)
    if type(module).__name__ in ("module", "_FunctionModule"):  # modules.py has the latter
        module.__class__ = _Tested
    return module


class _Finder:
    """Finds the functions and modules of the folder, whose files are no plain Python."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        kind = _settings["functions"].get(name)
        if path is not None or kind is None or name in sys.stdlib_module_names:
            return None
        elsewhere = [place for place in sys.path if os.path.abspath(place) != _settings["folder"]]
        if found := importlib.machinery.PathFinder.find_spec(name, elsewhere):
            return found  # a package hides it, as on a server
        if kind == "function":
            return importlib.machinery.ModuleSpec(name, _FunctionLoader)
        return _stored.find_spec(name)


class _FunctionLoader:
    """Loads a function's module under its plain name."""

    @staticmethod
    def create_module(spec):
        module = _module_of(spec.name)
        _specs[spec.name] = module.__spec__
        return module

    @staticmethod
    def exec_module(module):
        module.__spec__ = _specs.pop(module.__name__.removeprefix("functions."))


_specs = {}
_stored = sys.meta_path[-1]  # of the stored modules (stored.py)


@pytest.fixture
def maestro():
    """Runs the functions of the folder, replaces them, and sets secrets."""
    tests = Maestro()
    yield tests
    tests._undo()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    global _running
    _ask("begin", test=item.nodeid)
    _running = True
    try:
        return (yield)
    finally:
        _running = False
        _ask("end")


def pytest_pyfunc_call(pyfuncitem):
    """Runs async tests that no plugin for them has taken."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    import asyncio

    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(pyfuncitem.obj(**arguments))
    return True


def pytest_runtest_logreport(report):
    outcome = report.outcome
    if report.when != "call" and outcome == "passed":
        return
    if report.when != "call" and outcome == "failed":
        outcome = "error"
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.skipped else "xpassed"
    message = report.longreprtext if report.failed else ""
    if report.skipped and isinstance(report.longrepr, tuple):
        message = report.longrepr[2]
    _tests.append({"id": report.nodeid, "outcome": outcome, "seconds": report.duration, "message": message})


def pytest_collectreport(report):
    if report.failed:
        _tests.append({"id": report.nodeid, "outcome": "error", "seconds": 0, "message": report.longreprtext})


def _provide():
    """Makes the functions known to the tests."""
    builtins.__maestro_double__ = _call_double
    builtins.__maestro_await__ = _await_double
    builtins.__maestro_items__ = _items_of_double
    for name, kind in _settings["functions"].items():
        if kind == "function" and not hasattr(builtins, name):
            setattr(builtins, name, _api._sibling(name))
    sys.meta_path.insert(0, _Finder)
    module = sys.modules["maestro_test"] = ModuleType("maestro_test", "The types of the fixture maestro.")
    for kind in (Error, Failed, Line, Maestro, Run, Spawned, Step, TimeLimit):
        setattr(module, kind.__name__, kind)


def _stream(descriptor):
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def _maestro_tests(input):
    global _test_thread
    _settings.update(input)
    _test_thread = threading.get_ident()
    for name in [name for name in os.environ if name.startswith("MAESTRO_")]:
        del os.environ[name]
    sys.stdout, sys.stderr = _stream(input["stdout"]), _stream(input["stderr"])
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    _provide()
    threading.Thread(target=_interrupt_tests, daemon=True, name="interrupts").start()
    status = pytest.main(input["args"], plugins=[sys.modules[__name__]])
    sys.stdout.flush()
    sys.stderr.flush()
    return {"status": int(status), "tests": _tests}
