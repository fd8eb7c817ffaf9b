# The caller sees what the decorator makes of it.
from retrying import retry


@retry(stop=3)
def f(x: int) -> str: ...
