import functools
import itertools


@functools.lru_cache
def cached(x):
    return double(x)


def main(input):
    remembered = functools.cache(double)
    return [
        [cached(1), cached(1), cached(2)],
        [remembered(3), remembered(3)],
        list(itertools.starmap(double, [(4,), (5,)])),
        list(filter(double, [0, 1])),
        list(itertools.takewhile(double, [1, 0, 2])),
        list(itertools.accumulate([1, 2, 3], lambda a, b: a + double(b))),
    ]
