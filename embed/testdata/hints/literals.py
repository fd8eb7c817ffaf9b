from enum import Enum, IntEnum, auto, unique
from typing import Literal

Side = Literal["buy", "sell"]


@unique
class Color(Enum):
    """Shades."""

    RED = "red"
    NONE = 0

    def shout(self): ...


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Automatic(Enum):
    A = auto()


# accepts input: {"side": "buy", "size": -1, "color": 0, "level": 2}
# refuses input: {"automatic": "anything"}
# accepts output: "anything"
# refuses input: {"side": "hold"}
# refuses input: {"size": true}
# refuses input: {"color": "green"}
def f(x: dict[str, Side | Literal[-1, 3, Side] | Color | Level]) -> Literal[True, None, 1, "é\n"] | Automatic: ...
