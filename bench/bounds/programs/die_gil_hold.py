# a C call by ctypes that sleeps while it holds the GIL
def case(input):
    import ctypes
    ctypes.PyDLL(None).sleep(8)
    return 1
