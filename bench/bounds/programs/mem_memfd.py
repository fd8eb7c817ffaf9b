# files that live in memory and have no name
def case(input):
    import os
    global kept
    kept = []
    while True:
        f = os.memfd_create('x')
        kept.append(f)
        for i in range(64): os.write(f, bytes(1 << 20))
