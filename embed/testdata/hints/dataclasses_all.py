import dataclasses
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import ClassVar, Generic, TypeVar

T = TypeVar("T")


@dataclass
class Base:
    id: int


@dataclasses.dataclass(frozen=True, slots=True)
class Node(Base, Generic[T]):
    """A place in a tree."""

    count: ClassVar[int] = 0
    seed: InitVar[int]
    value: T
    _: KW_ONLY
    name: str = "none"
    weight: float = -1
    loose: int = 0.5
    parent: "Node[T] | None" = None
    note: str = None
    children: list["Node"] = field(default_factory=list)
    size: int = field(init=False, doc="How many nodes there are below")
    kind: str = field(default="leaf")

    def list(self): ...


# accepts input: {"id": 1, "value": {}, "parent": {"id": 2, "value": null, "note": null}, "loose": 0.5}
# refuses input: {"id": 1}
# refuses input: {"id": 1, "value": 1, "parent": {"id": 2}}
# refuses input: {"id": 1, "value": 1, "size": "big"}
# accepts output: [{"id": 1}]
def f(x: Node) -> list[Base]: ...
