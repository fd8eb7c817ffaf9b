import datetime
import enum
from dataclasses import dataclass


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int


def main(input):
    row = {"n": 1}
    yield row
    row["n"] = 2
    yield row
    yield None
    yield b"\xff"
    yield "text"
    yield (1, 2.5, True)
    yield Colour.RED
    yield Point(3)
    yield datetime.date(2026, 1, 2)
    yield {}
