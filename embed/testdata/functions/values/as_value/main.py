import functools
import operator


def main(input):
    f = double
    table = {"double": double, "negate": negate}
    compose = lambda *fs: functools.reduce(lambda g, h: lambda x: h(g(x)), fs)
    return [
        f(1),
        list(map(double, [1, 2])),
        sorted([1, 3, 2], key=negate),
        [g(5) for g in (double, negate)],
        {name: g(3) for name, g in table.items()},
        compose(double, negate, double)(1),
        functools.partial(double, 4)(),
        operator.call(double, 6),
        (double or negate)(7),
        [double, negate][1](8),
        max([1, -9], key=double),
        double is f,
        double == negate,
        callable(double),
        double.__name__,
    ]
