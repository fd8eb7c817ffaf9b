import maestro

attempts = []


def later(input: dict) -> int:
    attempts.append(input["n"])
    if maestro.context().attempt < 3:
        raise ConnectionError("not yet")
    return input["n"]
