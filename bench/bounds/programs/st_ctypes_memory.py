# reads memory by its address
def case(input):
    import ctypes
    return len(ctypes.string_at(id(input), 64))
