"""The functions and types that the server provides to a function."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict, type_check_only

__all__ = [
    "Context",
    "Headers",
    "InputInvalid",
    "OutputInvalid",
    "Request",
    "Response",
    "SecretNotFound",
    "Stopped",
    "call",
    "context",
    "log",
    "request",
    "secret",
    "spawn",
]

class Stopped(BaseException):
    """The call ran past its deadline, or was cancelled.

    It is not an Exception, so that `except Exception` does not catch it.
    """

@type_check_only
class _Fault(TypedDict):
    pointer: str
    message: str

class InputInvalid(ValueError):
    """The input of a called function does not fit its schema; .errors lists the faults."""

    errors: list[_Fault]
    def __init__(self, message: str = "", errors: list[_Fault] | tuple[()] = ()) -> None: ...

class OutputInvalid(ValueError):
    """The result of a called function does not fit its schema; .errors lists the faults."""

    errors: list[_Fault]
    def __init__(self, message: str = "", errors: list[_Fault] | tuple[()] = ()) -> None: ...

class SecretNotFound(KeyError):
    """There is no secret of that name, which is in .name."""

    name: str | None
    def __init__(self, message: str = "", name: str | None = None) -> None: ...

class Headers(dict[str, str]):
    """A dict of a request's headers: keeps the sender's spelling, with
    case-insensitive look-up.
    """

    def copy(self) -> Headers: ...

class Response:
    """A result that defines the HTTP response."""

    body: Any
    status_code: int
    headers: dict[str, Any]
    def __init__(
        self,
        body: Iterator[Any] | AsyncIterator[Any] | Any = None,
        status_code: int = 200,
        headers: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    ) -> None: ...

class Request:
    """The original HTTP request behind a call: the result of maestro.request()."""

    method: str
    url: str
    headers: Headers
    body: bytes
    def __init__(self, method: str, url: str, headers: Headers, body: bytes) -> None: ...

class Context(dict[str, Any]):
    """The result of maestro.context(): its entries are attributes as well."""

    execution_id: str
    step_id: str | None
    function: str
    version: int
    subtenant: str
    trigger_type: Literal["webhook", "schedule", "manual", "retry", "spawn", "alert"]
    attempt: int
    deadline: datetime
    traceparent: str | None

@type_check_only
class _Log:
    """Writes lines to the live log of the execution, with structured fields."""

    def debug(self, text: object, /, **fields: Any) -> None: ...
    def info(self, text: object, /, **fields: Any) -> None: ...
    def warning(self, text: object, /, **fields: Any) -> None: ...
    def error(self, text: object, /, **fields: Any) -> None: ...

log: _Log

def call(function: str, input: Any = {}) -> Any:
    """Calls the function of that name, which may be computed: like a call by plain
    name it is a step, and that of an async def is awaited.
    """

def context() -> Context:
    """The running call: execution_id, step_id, function, version, subtenant,
    trigger_type, attempt, and deadline, an aware datetime.
    """

def request() -> Request | None:
    """The HTTP request that started this execution: method, url, headers, and body,
    its bytes. None for an execution without a request: a schedule's run, a spawned
    run and a retry.
    """

def secret(name: str) -> str:
    """The current value of one of the subtenant's secrets.

    In logs, records and errors it is shown as ***.
    """

def spawn(function: str, input: Any = {}, delay: float = 0) -> str:
    """Queues an asynchronous run of a function, to begin in delay seconds at the earliest.

    Returns the id of its execution.
    """
