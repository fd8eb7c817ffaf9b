# the text of a list nested 100,000 deep
def case(input):
    import sys
    sys.setrecursionlimit(10**9)
    x = []
    for i in range(10**5): x = [x]
    return len(repr(x))
