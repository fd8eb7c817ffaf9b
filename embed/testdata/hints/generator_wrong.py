def f(input: dict) -> str:  # of what it yields, not of the generator
    yield "a"
