# a pattern with nested repetition on five million characters
def case(input):
    return 1
