from collections.abc import Iterable


def f(input: Iterable[int]) -> Iterable[int]:  # may be text, or an object
    return [1]
