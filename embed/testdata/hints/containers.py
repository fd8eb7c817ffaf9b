from collections.abc import Mapping, Sequence
from typing import Any, Dict, List


def f(x: dict[str, list[float]]) -> tuple[int, List[Dict[str, Any]], tuple[str, ...], tuple[()], set[bool], Mapping[str, Sequence[bytes]]]:
    # accepts input: {"a": [1, 2.5]}
    # refuses input: {"a": ["1"]}
    # accepts output: [1, [{"a": null}], ["x", "y"], [], [true], {"k": ["aGk="]}]
    # refuses output: [1, [{"a": null}], ["x", 1], [], [true], {}]
    # refuses output: [1, []]
    ...
