# a hook for exceptions that cannot be raised, which loops, and objects that call it at the end
def case(input):
    import sys
    def spin(args):
        while True:
            try:
                while True: pass
            except BaseException: pass
    class N:
        def __del__(self): raise ValueError
    sys.unraisablehook = spin
    sys.kept = [N() for i in range(5)]
    for n in sys.kept: n.self = n
    return 1
