def numbers():
    sent = yield double(1)
    while sent is not None:
        sent = yield double(sent)
    yield from (double(n) for n in (7, 8))
    return double(9)


def main(input):
    generator = numbers()
    seen = [next(generator), generator.send(2), generator.send(3), next(generator), next(generator)]
    try:
        next(generator)
    except StopIteration as stop:
        seen.append(stop.value)
    # Nothing is called before it is asked for.
    lazy = map(double, [10, 11])
    seen.append(next(lazy))
    return seen
