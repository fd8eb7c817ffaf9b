# returns a list nested a million deep
def case(input):
    x = []
    for i in range(10**6): x = [x]
    return x
