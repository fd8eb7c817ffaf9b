# frames without a recursion limit
def case(input):
    import sys
    sys.setrecursionlimit(10**9)
    def f(n): return f(n + 1)
    return f(0)
