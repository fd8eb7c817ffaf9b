print("importing")
value = 1 / 0


def broken(input):
    return value
