"""The types of the fixture maestro, in tests that maestro functions test runs."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Literal, NotRequired, TypedDict, TypeVar, type_check_only

_Callable = TypeVar("_Callable", bound=Callable[..., Any])

class Error:
    """Why a run or a step has failed."""

    type: str
    message: str
    traceback: str
    errors: list[dict[str, Any]]

class Line:
    """A line that a function has printed or logged."""

    function: str
    stream: Literal["stdout", "stderr", ""]
    level: Literal["debug", "info", "warning", "error", "critical", ""]
    text: str
    fields: dict[str, Any]

class Step:
    """A call of a function within a run, as it is recorded."""

    id: str
    function: str
    depth: int
    status: str
    input: Any
    output: Any
    error: Error | None
    duration_ms: float
    steps: list[Step]

class Failed(AssertionError):
    """A run has failed whose result was asked for."""

class TimeLimit(BaseException):
    """The test ran past its time limit."""

class Run:
    """A run of a function, as its execution is recorded."""

    execution_id: str
    function: str
    status: str
    trigger: str
    attempt: int
    input: Any
    response: dict[str, Any] | None
    error: Error | None
    logs: list[Line]
    duration_ms: float
    steps: list[Step]
    children: list[Step]
    @property
    def result(self) -> Any:
        """What the function returned, as JSON. An AssertionError if it has failed."""

    def calls(self, function: str) -> list[Step]:
        """The steps that are calls of that function, in the order in which they began."""

    def tree(self) -> str:
        """The run and its steps as text, a line each."""

class Spawned:
    """A run that a function has queued by maestro.spawn()."""

    execution_id: str
    function: str
    input: Any
    delay: float

@type_check_only
class _Request(TypedDict):
    method: NotRequired[str]
    url: NotRequired[str]
    headers: NotRequired[Mapping[str, str]]
    body: NotRequired[Any]

class Maestro:
    """The fixture `maestro`: runs the functions of the folder. What it changes is undone at
    the end of the test.
    """

    def run(
        self,
        function: str | Callable[..., Any] | ModuleType,
        input: Any = {},
        *,
        request: _Request | None = None,
        trigger: str | None = None,
    ) -> Run:
        """Runs a function as a request to the API does, and returns its record.

        request is what maestro.request() returns in it: a dict with method, url, headers and body.
        """

    def call(self, function: str | Callable[..., Any] | ModuleType, input: Any = {}) -> Any:
        """Calls a function as another function does: its exceptions are raised here."""

    def replace(self, function: str | Callable[..., Any] | ModuleType, double: _Callable) -> _Callable:
        """Lets a callable stand in for a function, in all its callers. Its input and
        result are validated and recorded as those of the function.
        """

    def secret(self, name: str, value: str) -> None:
        """Sets a secret, which maestro.secret() returns."""

    @property
    def spawned(self) -> list[Spawned]:
        """The runs that functions have queued by maestro.spawn(), which have not run."""

    def run_spawned(self) -> list[Run]:
        """Runs them, and what they spawn. Attempts that fail are retried at once, by the
        function's retry policy. Returns their records.
        """
