def immediate(input):
    raise KeyError("k")
    yield
