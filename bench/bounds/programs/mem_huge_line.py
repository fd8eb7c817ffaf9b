# one printed line of 200 MB
def case(input):
    print('x' * (200 << 20))
    return 1
