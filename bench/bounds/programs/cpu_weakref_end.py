# weak references whose callbacks loop when their objects go
def case(input):
    import weakref, sys
    class N: pass
    def spin(r):
        while True:
            try:
                while True: pass
            except BaseException: pass
    sys.kept = [N() for i in range(5)]
    sys.refs = [weakref.ref(n, spin) for n in sys.kept]
    sys.kept.clear()
