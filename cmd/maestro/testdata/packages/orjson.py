import datetime

import orjson


def use(input):
    text = orjson.dumps({"at": datetime.datetime(2026, 11, 29), "n": double([1, 2])}, option=orjson.OPT_SORT_KEYS)
    return text == b'{"at":"2026-11-29T00:00:00","n":[2,4]}' and orjson.loads(text)["n"] == [2, 4]
