VERSION = 1


class OutOfStock(ValueError):
    pass


def reserve(input):
    if input == "own":
        import functions.reserve

        return [functions.reserve.reserve is reserve, type(reserve).__name__]
    raise OutOfStock(f"{input} is out of stock in version {VERSION}")
