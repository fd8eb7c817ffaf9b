# a ctypes argument that refers to itself (fixed in 3.14.10, gh-159739)
def case(input):
    import ctypes
    class A: pass
    a = A()
    a._as_parameter_ = a
    ctypes.CDLL(None).abs(a)
