# memory of the C library, without bound
def case(input):
    import ctypes
    c = ctypes.CDLL(None)
    c.malloc.restype = ctypes.c_void_p
    held = []
    while True:
        p = c.malloc(64 << 20)
        ctypes.memset(p, 1, 64 << 20)
        held.append(p)
