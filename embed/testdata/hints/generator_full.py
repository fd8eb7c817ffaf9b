from typing import *


def f(input: Iterator[int]) -> Generator[bytes, None, int]:
    # accepts output: ["aGk="]
    # refuses output: [1]
    yield b"hi"
    return 1
