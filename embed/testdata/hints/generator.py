from collections.abc import Iterator
from typing import TypedDict


class Row(TypedDict):
    id: int


def f(input: dict) -> Iterator[Row]:
    # accepts output: []
    # accepts output: [{"id": 1}, {"id": 2}]
    # refuses output: [{"id": "1"}]
    # refuses output: {"id": 1}
    yield {"id": 1}
