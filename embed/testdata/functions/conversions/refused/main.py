import fractions


def deep():
    value = []
    for _ in range(600):
        value = [value]
    return value


def cycle():
    value = {}
    value["again"] = [value]
    return value


def main(input):
    return [
        lambda: {"a": [1, {"b": object()}]},
        lambda: {"n": float("nan")},
        lambda: [float("inf")],
        lambda: {(1, 2): 3},
        lambda: fractions.Fraction(1, 3),
        deep,
        cycle,
        lambda: {"f": main},
    ][input]()
