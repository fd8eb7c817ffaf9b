# a set of numbers that all have the same hash
def case(input):
    m = 2**61 - 1
    return len(set([i * m for i in range(400_000)]))
