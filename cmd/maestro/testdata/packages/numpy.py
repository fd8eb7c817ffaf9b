import numpy as np

ROW = {
    "count": np.int64(2),
    "share": np.float32(0.5),
    "open": np.bool_(True),
    "text": np.str_("a"),
    "day": np.datetime64("2026-01-02"),
    "numbers": np.arange(2),
    "matrix": np.eye(2, dtype=int),
    "days": np.array(["2026-01-02T03:04"], dtype="datetime64[ns]"),
    "one": np.array(3),
    np.int64(7): np.ma.masked_equal([1, 9], 9),
}


def use(input):
    matrix = np.arange(6.0).reshape(2, 3)
    doubled = np.array(double(matrix))
    return (
        bool(np.allclose(doubled, matrix * 2))
        and round(float(np.linalg.det(np.eye(3) * 2))) == 8
        and double(ROW)
        == {
            "count": 4,
            "share": 1.0,
            "open": 2,
            "text": "aa",
            "day": "2026-01-022026-01-02",
            "numbers": [0, 1, 0, 1],
            "matrix": [[1, 0], [0, 1], [1, 0], [0, 1]],
            "days": ["2026-01-02T03:04:00.000000000"] * 2,
            "one": 6,
            "7": [1, None, 1, None],
        }
    )
