# an input nested 9,000 deep
def case(input):
    return 1
