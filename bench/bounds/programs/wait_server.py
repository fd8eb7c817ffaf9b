# a server that accepts for ever
def case(input):
    import socket
    s = socket.create_server(('127.0.0.1', 0))
    while True: s.accept()
