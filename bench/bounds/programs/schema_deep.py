# an input nested 100,000 deep
def case(input):
    return 1
