# reads a socket that gets no data
def case(input):
    import socket
    a, b = socket.socketpair()
    a.recv(1)
