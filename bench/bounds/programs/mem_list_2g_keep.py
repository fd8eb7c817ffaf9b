# keeps 2 GB in a global
def case(input):
    global KEEP
    KEEP = bytearray(b'x') * (2 << 30)
    return len(KEEP)
