add = lambda a, b=double(1): double(a) + b
pick = lambda **options: sorted(double(v) for v in options.values())


def main(input):
    counter = iter(range(3))
    chain = lambda n: double(n) if n > 2 else chain(double(n))
    return [add(1), add(1, 1), pick(a=1, b=2), chain(1), (lambda: (lambda: double(next(counter)))())()]
