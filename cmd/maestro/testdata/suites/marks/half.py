def half(input: int) -> float:
    return input / 2
