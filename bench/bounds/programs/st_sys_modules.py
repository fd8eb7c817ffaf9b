# replaces modules in sys.modules
def case(input):
    import sys
    r = sorted(m for m in sys.modules if 'maestro' in m)
    m = sys.modules['maestro']
    m.context = lambda: {'subtenant': 'b'}
    sys.modules['json'] = None
    sys.modules['collections'] = None
    return r
