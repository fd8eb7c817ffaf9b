import asyncio
import socket


def way_metadata(): socket.create_connection(("169.254.169.254", 80), timeout=1)
def way_mapped(): socket.create_connection(("::ffff:169.254.169.254", 80), timeout=1)
def way_link_local(): socket.create_connection(("fe80::1", 80), timeout=1)
def way_number(): socket.create_connection(("2852039166", 80), timeout=1)
def way_datagram():
    s = socket.socket(type=socket.SOCK_DGRAM)
    try:
        s.sendto(b"x", ("169.254.169.254", 53))
    finally:
        s.close()
def way_message():
    s = socket.socket(type=socket.SOCK_DGRAM)
    try:
        s.sendmsg([b"x"], [], 0, ("169.254.169.254", 53))
    finally:
        s.close()
def way_connected_datagram():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.connect(("169.254.169.254", 53))
def way_request():
    import urllib.request
    urllib.request.urlopen("http://169.254.169.254/latest/meta-data", timeout=1)
def way_loop():
    async def connect():
        await asyncio.open_connection("169.254.169.254", 80)
    asyncio.run(connect())
def way_socket_loop():
    async def connect():
        with socket.socket() as s:
            s.setblocking(False)
            await asyncio.get_running_loop().sock_connect(s, ("169.254.169.254", 80))
    asyncio.run(connect())
def way_setting(): socket.create_connection(("127.9.1.1", 80), timeout=1)


def fine_own():
    server = socket.create_server(("127.0.0.1", 0))
    with socket.create_connection(server.getsockname()) as client:
        connection, _ = server.accept()
        client.sendall(b"x")
        assert connection.recv(1) == b"x"
        connection.close()
    server.close()
def fine_datagram():
    with socket.socket(type=socket.SOCK_DGRAM) as a, socket.socket(type=socket.SOCK_DGRAM) as b:
        a.bind(("127.0.0.1", 0))
        b.sendto(b"x", a.getsockname())
        assert a.recv(1) == b"x"
