"""A module's docstring."""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict


class Item(TypedDict):
    name: str
    tags: NotRequired[list[str]]


@dataclass
class Order:
    """What a customer wants."""

    items: list[Item]
    paid: bool = False


def typed(input: Order) -> dict[str, Item] | None:
    """Its own docstring says "more".

    And more.
    """
