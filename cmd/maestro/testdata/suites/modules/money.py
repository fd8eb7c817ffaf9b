from decimal import Decimal

RATE = Decimal("0.2")


class Amount:
    def __init__(self, text):
        self.value = Decimal(text)


def with_tax(amount):
    return amount.value * (1 + RATE)
