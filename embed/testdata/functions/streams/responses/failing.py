import maestro


def rows():
    yield 1
    raise ValueError("no more rows")


def failing(input):
    return maestro.Response(rows())
