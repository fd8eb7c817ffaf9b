# a number of ten billion bits
def case(input):
    return (1 << 10**10).bit_length()
