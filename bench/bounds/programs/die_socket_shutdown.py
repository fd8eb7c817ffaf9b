# shuts the sockets of the process down by their numbers
def case(input):
    import socket
    n = 0
    for i in range(3, 256):
        try:
            s = socket.socket(fileno=i)
        except OSError: continue
        try: s.shutdown(socket.SHUT_RDWR); n += 1
        except OSError: pass
        finally: s.detach()
    return n
