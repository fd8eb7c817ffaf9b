# a binomial coefficient of six million digits, which holds the GIL
def case(input):
    import math
    return math.comb(20_000_000, 10_000_000).bit_length()
