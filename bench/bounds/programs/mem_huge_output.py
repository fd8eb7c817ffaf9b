# a return value of 500 MB
def case(input):
    return 'x' * (500 << 20)
