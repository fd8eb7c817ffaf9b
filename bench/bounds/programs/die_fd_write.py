# writes to descriptors that it did not open
def case(input):
    import os
    n = 0
    for i in range(3, 64):
        try: n += os.write(i, b'\0' * 64)
        except OSError: pass
    return n
