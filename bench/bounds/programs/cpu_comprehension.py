# a comprehension that never yields
def case(input):
    return [None for x in iter(int, 1) if x]
