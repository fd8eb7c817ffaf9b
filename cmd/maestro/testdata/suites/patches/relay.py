from functions.order import LIMIT
from functions.order import order as place


def relay(input: dict) -> list:
    return [LIMIT, place(input)["price"]]
