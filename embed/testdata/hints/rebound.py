# A name with two meanings has none.
int = str


def setup():
    global str
    str = bytes


def f(x: int) -> str: ...
