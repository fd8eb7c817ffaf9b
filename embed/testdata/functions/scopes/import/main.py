from operator import neg as clean


def local():
    from math import floor as double

    return double(1.5)


def main(input):
    return [clean(1), local(), double(2)]
