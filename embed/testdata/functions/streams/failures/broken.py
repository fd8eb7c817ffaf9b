def broken(input):
    yield 1
    raise ValueError("broken")
