# a return value of 100,000 objects that must be unique
def case(input):
    return [{"n": i} for i in range(100_000)]
