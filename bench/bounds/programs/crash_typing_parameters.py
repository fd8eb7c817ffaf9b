# a type alias nested 100,000 deep (fixed in 3.14.7, gh-154275)
def case(input):
    import typing
    T = typing.TypeVar('T')
    x = list[T]
    y = (T,)
    for i in range(10**6): y = [y]
    return len(list[y, T].__parameters__)
