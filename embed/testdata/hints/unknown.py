# What can't be told from the text alone gives no schema for its part.
import numpy as np
import pydantic
from collections.abc import Iterable
from dataclasses import dataclass
from somewhere import Thing, validated
from typing import Annotated, Any, Callable, TypedDict, TypeVar

T = TypeVar("T")
size = 5


class Model(pydantic.BaseModel):
    n: int


class Plain:
    n: int


@validated
@dataclass
class Checked:
    n: int


@dataclass
class Child(Thing):
    n: int


class Twice(TypedDict):
    n: int


if size:

    class Twice(TypedDict):
        n: str


class Conditional(TypedDict):
    if size:
        n: int


@dataclass
class Shadowed:
    list: dict = None
    rows: list[int] = None
    ok: int = 0


class Parts(TypedDict):
    a: Thing
    b: int | Thing
    c: Annotated[Any, "No more is known"]
    d: np.ndarray
    e: Model
    f: Plain
    g: Checked
    h: Child
    i: Twice
    j: Conditional
    k: Shadowed
    l: Iterable[str]
    m: Callable[[int], str]
    n: T
    o: size
    p: object
    q: "not an expression("
    r: Optional[int]
    s: type[int]
    t: [int]


# accepts input: {"a": 1, "b": "x", "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1, "j": 1, "k": {}, "l": "x", "m": 1, "n": 1, "o": 1, "p": 1, "q": 1, "r": 1, "s": 1, "t": 1}
def f[Z](x: Parts) -> Z | int: ...
