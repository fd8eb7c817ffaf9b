try:
    from typing import TypedDict
except ImportError:
    from typing_extensions import TypedDict


class A(TypedDict):
    n: int


async def f(x: A) -> "A | None": ...
