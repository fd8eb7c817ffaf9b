# an exception with a text of 100 MB
def case(input):
    raise ValueError('x' * (100 << 20))
