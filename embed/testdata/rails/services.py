import asyncio
import socket


def way_connect(service): socket.create_connection(("127.0.0.1", service), timeout=1)
def way_mapped(service): socket.create_connection(("::ffff:127.0.0.1", service), timeout=1)
def way_any(service): socket.create_connection(("0.0.0.0", service), timeout=1)
def way_other_loopback(service): socket.create_connection(("127.0.0.2", service), timeout=1)
def way_name(service): socket.create_connection(("localhost", service), timeout=1)
def way_six(service): socket.create_connection(("::1", service), timeout=1)
def way_loop(service):
    async def connect():
        await asyncio.open_connection("127.0.0.1", service)
    asyncio.run(connect())
def way_datagram(service):
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("127.0.0.1", service))
def way_control():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/var/run/docker.sock")
def way_bus():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/run/dbus/system_bus_socket")


def fine_other_port(service):
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname()).close()
    server.close()
