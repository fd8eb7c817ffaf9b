# reversed() of a dict that shrinks meanwhile (fixed by 3.14.10)
def case(input):
    for i in range(100):
        d = {j: j for j in range(100_000)}
        for j in range(99_995): del d[j]
        it = reversed(d)
        d.clear()
        d.update({'a': 1, 'b': 2, 'c': 3, 'd': 4, 'e': 5})
        try: list(it)
        except RuntimeError: pass
    return 1
