def main(input):
    functions = [abs, str]
    return [
        [clean(-1) for clean in functions],
        sorted(map(str, {clean(-2) for clean in functions})),
        list(clean(-3) for clean in functions),
        {n: clean(n) for n, clean in enumerate(functions)},
        [clean(n) for n in (4, 5)],
        [[double(clean) for clean in (1, 2)] for double in functions],
        [(lambda: clean(6))() for clean in functions],
        [clean for clean in clean(7)],
        [double(8) for _ in "x" if clean(9)],
        clean(10),
    ]
