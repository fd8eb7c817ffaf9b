# an endless iterator consumed by C, which holds the GIL
def case(input):
    import collections, itertools
    collections.deque(itertools.repeat(0), maxlen=0)
