import functools


@functools.lru_cache(maxsize=8)
def f(x: int, y: str = "") -> str: ...
