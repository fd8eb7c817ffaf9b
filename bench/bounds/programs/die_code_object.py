# a code object with made-up instructions
def case(input):
    def g(): pass
    g.__code__ = g.__code__.replace(co_code=b'\x65\xff' * 4, co_names=(), co_consts=())
    return g()
