# a list nested a million deep as JSON, with no recursion limit
def case(input):
    import sys, json
    sys.setrecursionlimit(10**9)
    x = []
    for i in range(10**6): x = [x]
    return len(json.dumps(x))
