# uniqueItems on 100,000 objects
def case(input):
    return 1
