def add(input: list) -> int:
    return sum(input)
