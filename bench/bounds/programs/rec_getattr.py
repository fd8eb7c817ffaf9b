# an attribute whose look-up looks it up
def case(input):
    import sys
    sys.setrecursionlimit(10**9)
    class A:
        def __getattr__(self, name): return getattr(self, name + 'x')
    return A().a
