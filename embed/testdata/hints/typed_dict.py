import typing_extensions as te
from typing import Annotated, NotRequired, Required, TypedDict


class Party(TypedDict):
    """A person who buys
    or sells.

    Not shown."""

    name: Annotated[str, "As it is printed"]
    vat: NotRequired[str | None]
    """The VAT number."""


class Base(te.TypedDict, total=False):
    id: Required[Annotated[int, 3, "Its number"]]
    note: "str"


class Invoice(Base):
    seller: "Party"
    buyers: te.ReadOnly[list["Party"]]
    replaces: "NotRequired[Invoice]"


Total = TypedDict("Total", {"sum-of-it": float, "currency": Required["str"]}, total=False)


# accepts input: {"id": 1, "seller": {"name": "A"}, "buyers": [{"name": "B", "vat": null}], "more": 1}
# accepts input: {"id": 1, "seller": {"name": "A"}, "buyers": [], "replaces": {"id": 2, "seller": {"name": "A"}, "buyers": []}}
# refuses input: {"id": 1, "seller": {"name": "A"}, "buyers": [], "replaces": {"id": 2}}
# refuses input: {"seller": {"name": "A"}, "buyers": []}
# accepts output: {"currency": "EUR"}
# refuses output: {"sum-of-it": 1}
def f(invoice: Invoice) -> Total: ...
