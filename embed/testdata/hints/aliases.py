from typing import NewType, TypeAlias
import typing as t

Text = t.NewType("Text", str)
Names: TypeAlias = "list[Text]"
Pairs = dict[str, Names]
Map = dict
type Tree[T] = T | list[Tree[T]]
type Json = None | bool | float | str | list[Json] | dict[str, Json]


# accepts input: {"a": {"b": ["c"]}}
# refuses input: {"a": {"b": [1]}}
# accepts output: [{"a": [1, null]}]
def f(x: Map[str, Pairs]) -> Json: ...
