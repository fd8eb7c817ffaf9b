from collections.abc import Iterator


def f(input: list[Iterator[int]]) -> Iterator[int]:
    # accepts input: [1, "any"]
    # accepts output: [1]
    # refuses output: ["1"]
    return (n for n in input)
