# a TLS handshake with a server that never answers
def case(input):
    import socket, ssl
    c = ssl.create_default_context()
    c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
    return c.wrap_socket(socket.create_connection(('127.0.0.1', input['hole']))).version()
