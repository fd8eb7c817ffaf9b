# sixty-four contains on 200,000 items
def case(input):
    return 1
