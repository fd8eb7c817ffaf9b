# an exception with a chain of a million causes, each with a group of two
def case(input):
    last = ValueError(0)
    for i in range(1_000_000):
        e = ExceptionGroup('x', [ValueError(i), KeyError(i)]) if i % 2 else ValueError(i)
        e.__cause__ = last
        e.__context__ = last
        last = e
    raise last
