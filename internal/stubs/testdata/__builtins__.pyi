# Made by maestro stubs: changes here are lost.
# mypy: ignore-errors
import json as json
import uuid as uuid
from datetime import datetime as datetime
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from typing import Any, Literal, NotRequired, Unpack, overload

from typing_extensions import TypedDict

class EnumOutputValue(TypedDict, extra_items=Any):
    n: NotRequired[Any]

class NestedInputItem(TypedDict):
    rows: Sequence[Sequence[float]]

class NestedOneInput(TypedDict):
    input: NotRequired[str]

class OddInputBoth(TypedDict):
    a: NotRequired[Any]

class OddInputBoth2(TypedDict):
    b: NotRequired[None]

OddInput = TypedDict(
    "OddInput",
    {
        "both": NotRequired[OddInputBoth | OddInputBoth2],
        "class": NotRequired[Literal["a\"b"]],
        "né": NotRequired[float],
        "x-id": int,
    },
)

OddOutput = TypedDict(
    "OddOutput",
    {
        "from": NotRequired[str | list[list[str | bool]]],
        "true": NotRequired[Any],
    },
    extra_items=Any,
)

class TreeInput(TypedDict):
    children: Sequence[TreeInput]
    value: int

class TreeOutput(TypedDict, extra_items=Any):
    children: list[TreeOutput]
    value: int

class TypedInputItem(TypedDict):
    name: str
    tags: NotRequired[Sequence[str]]

class TypedInput(TypedDict):
    """What a customer wants."""

    items: Sequence[TypedInputItem]
    paid: NotRequired[bool]

class TypedOutputItem(TypedDict, extra_items=Any):
    name: str
    tags: NotRequired[list[str]]

def anything(input: Any = ..., **members: Any) -> Any: ...

def enum(input: Literal["a", None, True, 3]) -> dict[str, EnumOutputValue]: ...

def lines(input: str) -> Generator[Any]: ...

def nested(input: Sequence[NestedInputItem]) -> Any: ...

@overload
def nested_one(input: NestedOneInput) -> list[Any]: ...
@overload
def nested_one(**input: Unpack[NestedOneInput]) -> list[Any]: ...

def no_def(input: Any = ..., **members: Any) -> Any: ...

async def number(input: int) -> float | None: ...

@overload
def odd(input: OddInput) -> OddOutput:
    """It has "odd" members \\ and more"""
@overload
def odd(**input: Unpack[OddInput]) -> OddOutput:
    """It has "odd" members \\ and more"""

def plain(input: Any = ..., **members: Any) -> Any: ...

def tokens(input: Mapping[str, Any] = ..., **members: Any) -> AsyncGenerator[str | int]: ...

@overload
def tree(input: TreeInput) -> TreeOutput: ...
@overload
def tree(**input: Unpack[TreeInput]) -> TreeOutput: ...

@overload
def typed(input: TypedInput) -> dict[str, TypedOutputItem] | None:
    """Its own docstring says "more"."""
@overload
def typed(**input: Unpack[TypedInput]) -> dict[str, TypedOutputItem] | None:
    """Its own docstring says "more"."""

def unfinished(input: Any = ..., **members: Any) -> Any: ...

