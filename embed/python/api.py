"""The module maestro, as functions import it, and the types of its values."""

import sys
from types import ModuleType

import _contextvars
import _maestro


class Stopped(BaseException):
    """The call ran past its deadline, or was cancelled.

    It is not an Exception, so that `except Exception` does not catch it.
    """

    __module__ = "maestro"


class _Invalid(ValueError):
    __module__ = "maestro"

    def __init__(self, message="", errors=()):
        super().__init__(message)
        self.errors = list(errors)


class InputInvalid(_Invalid):
    """The input of a called function does not fit its schema; .errors lists the faults."""

    __module__ = "maestro"


class OutputInvalid(_Invalid):
    """The result of a called function does not fit its schema; .errors lists the faults."""

    __module__ = "maestro"


class Headers(dict):
    """A dict of a request's headers: keeps the sender's spelling, with
    case-insensitive look-up.
    """

    __module__ = "maestro"
    __slots__ = ()

    def _spelled(self, name):
        if isinstance(name, str) and not dict.__contains__(self, name):
            lower = name.lower()
            for key in self:
                if isinstance(key, str) and key.lower() == lower:
                    return key
        return name

    def __missing__(self, name):
        spelled = self._spelled(name)
        if spelled is name:
            raise KeyError(name)
        return self[spelled]

    def __contains__(self, name):
        return dict.__contains__(self, self._spelled(name))

    def __setitem__(self, name, value):
        dict.__setitem__(self, self._spelled(name), value)

    def __delitem__(self, name):
        dict.__delitem__(self, self._spelled(name))

    def get(self, name, default=None):
        return dict.get(self, self._spelled(name), default)

    def pop(self, name, *default):
        return dict.pop(self, self._spelled(name), *default)

    def setdefault(self, name, default=None):
        return dict.setdefault(self, self._spelled(name), default)

    def copy(self):
        return Headers(self)


class Response:
    """A result that defines the HTTP response."""

    __module__ = "maestro"
    __slots__ = ("body", "status_code", "headers", "_context")

    def __init__(self, body=None, status_code=200, headers=None):
        if not isinstance(status_code, int) or not 100 <= status_code <= 599:
            raise ValueError(f"status_code must be an integer from 100 to 599, not {status_code!r}")
        self.body = body
        self.status_code = int(status_code)
        self.headers = _header_dict(headers)
        if hasattr(type(body), "__next__"):
            self._context = _contextvars.copy_context()  # what the iterator calls are steps of the function that made it

    def __repr__(self):
        return f"maestro.Response({self.body!r}, {self.status_code}, {self.headers!r})"


class Request:
    """The original HTTP request behind a call: the result of maestro.request()."""

    __module__ = "maestro"
    __slots__ = ("method", "url", "headers", "body")

    def __init__(self, method, url, headers, body):
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"<maestro.Request {self.method} {self.url}, {len(self.body)} bytes>"


def _request():
    """The HTTP request that started this execution: method, url, headers, and body,
    its bytes. None for an execution without a request: a schedule's run, a spawned
    run and a retry.
    """
    parts = _maestro.request()
    return None if parts is None else Request(*parts)


def _header_dict(headers):
    """A dict of the headers, which may be a mapping or pairs. A name that pairs
    repeat has the list of its values.
    """
    if not headers or hasattr(headers, "keys"):
        return dict(headers or {})
    repeated = {}
    for name, value in headers:
        repeated.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in repeated.items()}


def _header_texts(response):
    """The headers as texts, or lists of texts; None leaves a header out."""
    texts = {}
    for name, value in response.headers.items():
        if isinstance(value, (list, tuple)):
            texts[str(name)] = [_header_text(name, one) for one in value if one is not None]
        elif value is not None:
            texts[str(name)] = _header_text(name, value)
    return texts


def _header_text(name, value):
    if isinstance(value, bytes):
        return value.decode("latin-1")  # as HTTP has it
    if isinstance(value, (dict, set, frozenset, list, tuple)):
        # As text it would be Python's notation, which no client reads.
        raise TypeError(f"maestro.Response: the header {name} is a {type(value).__name__}; give text, a number, or a list of texts")
    return str(value)


def _response_object(response):
    body = response.body
    if hasattr(type(body), "__next__"):
        context = getattr(response, "_context", None)  # none where the body was set later
        body = context.run(list, body) if context else list(body)  # of a called function: that of an outer call leaves as a stream
    elif hasattr(type(body), "__anext__"):
        raise TypeError(
            "a maestro.Response with an async generator can't be returned to another function: "
            "return the generator itself, which the caller takes with async for"
        )
    return {"status_code": response.status_code, "headers": _header_texts(response), "body": body}


_known[Response] = _response_object  # noqa: F821 (convert.py)


class Context(dict):
    """The result of maestro.context(): its entries are attributes as well."""

    __module__ = "maestro"
    __slots__ = ()

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the context has no {name!r}") from None


def _context():
    """The running call: execution_id, step_id, function, version, subtenant,
    trigger_type, attempt, and deadline, an aware datetime.
    """
    context = Context(_maestro.context())
    if context.get("deadline"):
        from datetime import datetime

        context["deadline"] = datetime.fromisoformat(context["deadline"])
    context.setdefault("step_id", None)
    context.setdefault("traceparent", None)
    return context


class _Log:
    """Writes lines to the live log of the execution, with structured fields."""

    __slots__ = ()

    def debug(self, text, /, **fields):
        _maestro.log("debug", str(text), fields or None)

    def info(self, text, /, **fields):
        _maestro.log("info", str(text), fields or None)

    def warning(self, text, /, **fields):
        _maestro.log("warning", str(text), fields or None)

    def error(self, text, /, **fields):
        _maestro.log("error", str(text), fields or None)


class SecretNotFound(KeyError):
    """There is no secret of that name, which is in .name."""

    __module__ = "maestro"

    def __init__(self, message="", name=None):
        super().__init__(message)
        self.name = name

    def __str__(self):
        return str(self.args[0]) if self.args else ""  # a KeyError would show its repr


def _secret(name):
    """The current value of one of the subtenant's secrets.

    In logs, records and errors it is shown as ***.
    """
    if not isinstance(name, str):
        raise TypeError(f"maestro.secret() takes the name of a secret, not {type(name).__name__}")
    return _maestro.secret(name)


_LONGEST_DELAY = 365 * 24 * 60 * 60


def _spawn(function, input={}, delay=0):
    """Queues an asynchronous run of a function, to begin in delay seconds at the earliest.

    Returns the id of its execution.
    """
    if not isinstance(function, str):
        raise TypeError(f"maestro.spawn() takes the name of a function, not {type(function).__name__}")
    seconds = float(delay)
    if not 0 <= seconds <= _LONGEST_DELAY:
        raise ValueError(f"delay must be from 0 to {_LONGEST_DELAY} seconds, not {delay!r}")
    return _maestro.spawn(function, input, seconds)


def _call(function, input={}):
    """Calls the function of that name, which may be computed: like a call by plain
    name it is a step, and that of an async def is awaited.
    """
    if not isinstance(function, str):
        raise TypeError(f"maestro.call() takes the name of a function, not {type(function).__name__}")
    return _maestro.call_function(str(function), input)


def _sibling(name):
    """Creates a copied or unpickled sibling."""
    return _maestro.sibling(str(name))


def _publish(**names):
    module = ModuleType("maestro", "The functions and types that the server provides to a function.")
    for name, value in names.items():
        if hasattr(value, "__code__"):
            value.__name__ = value.__qualname__ = name
            value.__module__ = "maestro"
        setattr(module, name, value)
    module.__all__ = sorted(name for name in names if not name.startswith("_"))
    sys.modules["maestro"] = module


_publish(
    _sibling=_sibling,
    call=_call,
    context=_context,
    log=_Log(),
    request=_request,
    secret=_secret,
    spawn=_spawn,
    Context=Context,
    Headers=Headers,
    InputInvalid=InputInvalid,
    OutputInvalid=OutputInvalid,
    Request=Request,
    Response=Response,
    SecretNotFound=SecretNotFound,
    Stopped=Stopped,
)
