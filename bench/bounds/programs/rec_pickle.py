# a list nested a million deep, pickled
def case(input):
    import pickle, sys
    sys.setrecursionlimit(10**9)
    x = []
    for i in range(10**6): x = [x]
    return len(pickle.dumps(x))
