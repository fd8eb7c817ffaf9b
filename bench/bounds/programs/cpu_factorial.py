# the factorial of ten million, which holds the GIL
def case(input):
    import math
    return math.factorial(10**7) % 10
