import dataclasses
import enum


@dataclasses.dataclass
class Order:
    price: float
    label: str = dataclasses.field(default_factory=fresh)
    total: float = 0

    def __post_init__(self):
        self.total = double(self.price)


class Colour(enum.Enum):
    RED = double(1)
    BLUE = enum.auto()


def main(input):
    return [Order(2.5), Order(1, label="mine"), Colour.RED, Colour.BLUE, list(Colour)]
