from functions.left import left


def right(input):
    return ["right", left(input - 1) if input else None]
