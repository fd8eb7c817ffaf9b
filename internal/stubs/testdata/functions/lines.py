def lines(input: str):
    yield input
