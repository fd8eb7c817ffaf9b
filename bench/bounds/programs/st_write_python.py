# writes into the standard library
def case(input):
    import os, sys, json
    p = os.path.dirname(json.__file__) + '/planted_by_tenant.py'
    open(p, 'w').write('x = 1')
    os.unlink(p)
    return p
