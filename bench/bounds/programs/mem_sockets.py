# sockets until no more can be made
def case(input):
    import socket
    k = []
    try:
        while True: k.append(socket.socket())
    except OSError as x:
        return [len(k), str(x)]
