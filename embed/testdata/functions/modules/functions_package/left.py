# left and right import each other.
from functions.right import right


def left(input):
    return ["left", right(input - 1) if input else None]
