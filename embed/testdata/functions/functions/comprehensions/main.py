def main(input):
    rows = [[1, 2], [3]]
    return [
        [double(x) for row in rows for x in row if double(x) > 2],
        sorted({double(x) for row in rows for x in row}),
        {str(double(x)): double(y) for x, y in zip(*[[1, 2]] * 2)},
        list(double(x) for x in range(2)),
        sum(double(x) for x in (1, 2, 3)),
        any(double(x) > 2 for x in (1, 2, 3)),
        [[double(x) for x in row] for row in rows],
        [f(x) for f in [lambda y: double(y)] for x in (4,)],
        [x for x in [double(5)]],
        [*map(lambda x: [double(x) for x in [x]], (6,))],
    ]
