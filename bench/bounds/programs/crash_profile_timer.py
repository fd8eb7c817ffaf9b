# a profiler whose timer re-enters it (fixed in 3.14.8, gh-157639)
def case(input):
    import _lsprof
    def timer():
        try: p.enable(); p.disable(); p.clear()
        except Exception: pass
        return 1
    p = _lsprof.Profiler(timer)
    p.enable()
    len([sorted([3, 2, 1]) for i in range(1000)])
    p.disable()
    return 1
