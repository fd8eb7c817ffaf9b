# a frame without its f_trace_opcodes (fixed in 3.14.8, gh-113318)
def case(input):
    import sys
    f = sys._getframe()
    del f.f_trace_opcodes
