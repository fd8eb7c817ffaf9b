import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections import OrderedDict, defaultdict, namedtuple


class Level(enum.IntEnum):
    LOW = 1


class Mood(enum.Enum):
    GOOD = "good"


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date


Pair = namedtuple("Pair", "a b")


def everything():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return {
        "none": None,
        "bools": [True, False],
        "ints": [0, -1, 2**63, -(2**100), 10**400],
        "floats": [0.0, -0.5, 1e300, 1e-7, 3.0],
        "text": ["", "é", "\u0000", "\U0001f600", "\ud800", '"\\\n\t/'],
        "tuple": (1, (2,)),
        "set": {3, 1, 2},
        "frozenset": frozenset("b"),
        "bytes": [b"\x00\xff", bytearray(b"ab")],
        "datetime": datetime.datetime(2024, 2, 29, 12, 30, 1, 5, zone),
        "date": datetime.date(2024, 2, 29),
        "time": datetime.time(1, 2, 3),
        "uuid": uuid.UUID(int=1),
        "decimal": decimal.Decimal("1.10"),
        "path": pathlib.PurePosixPath("/a/b"),
        "enums": [Level.LOW, Mood.GOOD],
        "dataclass": Point(1, datetime.date(2024, 1, 1)),
        "namedtuple": Pair(1, 2),
        "dicts": [OrderedDict(a=1), defaultdict(list, b=[2])],
        "keys": {2: "int", 1.5: "float", True: "bool", None: "none"},
        "converted keys": {Mood.GOOD: 1, datetime.date(2024, 2, 29): 2, uuid.UUID(int=1): 3, decimal.Decimal("1.10"): 4},
    }


def main(input):
    return [everything(), echo(everything())]
