from typing import TypedDict, Literal, Union


class A(A):
    n: int


def f(x: A) -> Literal[()] | Union[()]: ...
