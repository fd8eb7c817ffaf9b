# recursion without a limit in a thread of its own
def case(input):
    import sys, threading
    sys.setrecursionlimit(10**9)
    def f(): f()
    t = threading.Thread(target=f)
    t.start(); t.join()
    return 1
