# calls the server that runs it by each of its addresses
def case(input):
    import socket
    r = []
    for host in '127.0.0.1', 'localhost', '127.1', '0.0.0.0', '127.0.0.2', '::ffff:127.0.0.1':
        try:
            s = socket.create_connection((host, input['port']), timeout=.3)
            s.sendall(b'GET /api/v1/functions HTTP/1.1\r\nHost: x\r\n\r\n')
            line = s.recv(100).split(b'\r')[0].decode()
            if line.startswith('HTTP/') and ' 403 ' not in line: r.append([host, line])
        except OSError: pass
    return r
