# sendmsg() of buffers that change their list (fixed in 3.14.7, gh-143988)
def case(input):
    import socket
    class B:
        def __buffer__(self, flags):
            x.clear()
            return memoryview(b'x' * 10)
    a, b = socket.socketpair()
    a.setblocking(False)
    for i in range(100):
        x = []
        x += [B()] + [bytearray(100) for j in range(50)]
        try: a.sendmsg(x)
        except (RuntimeError, IndexError, BlockingIOError): pass
    return 1
