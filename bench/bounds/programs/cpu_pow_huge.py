# a power of ten million digits, which holds the GIL
def case(input):
    x = 10**10**7
    return len(str(x % 10))
