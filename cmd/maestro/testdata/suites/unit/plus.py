def plus(input: list) -> int:
    return add(input)
