# a sum over a range, a C loop that holds the GIL
def case(input):
    return sum(range(10**9))
