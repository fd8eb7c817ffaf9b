# a function that calls itself without end
def case(input):
    def f(n): return f(n + 1)
    return f(0)
