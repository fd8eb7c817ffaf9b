# reads address 0 with ctypes
def case(input):
    import ctypes
    return ctypes.string_at(0)
