# fork() of the C library
def case(input):
    import ctypes
    return ctypes.CDLL(None).fork() != 0
