# exit() of the C library
def case(input):
    import ctypes
    ctypes.CDLL(None).exit(3)
