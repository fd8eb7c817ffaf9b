# a code object from bytes
def case(input):
    import marshal
    code = bytearray(marshal.dumps(compile('x = 1', 'x', 'exec')))
    code[40:60] = b'\xff' * 20
    return str(exec(marshal.loads(bytes(code))))
