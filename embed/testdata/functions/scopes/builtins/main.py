# Builtins are never siblings, and stay what they are where a source hides them.
total = sum


def max(values):
    return "hidden"


def main(input):
    return [sum([1, 2]), total([3]), max([4, 5]), __builtins__["max"]([4, 5]), len(str(double(100)))]
