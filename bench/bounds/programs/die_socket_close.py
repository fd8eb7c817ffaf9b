# closes the sockets of the process by their numbers
def case(input):
    import socket
    n = 0
    for i in range(3, 256):
        try: socket.close(i); n += 1
        except OSError: pass
    return n
