package confine_test

import (
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const connects = `
import socket, errno, threading, asyncio, struct
def reach(address, family=socket.AF_INET, kind=socket.SOCK_STREAM, timeout=None):
    with socket.socket(family, kind) as s:
        if timeout is not None:
            s.settimeout(timeout)
        s.connect(address)
        return s.recv(100).decode() if kind == socket.SOCK_STREAM else "connected"
def name(function):
    try:
        return function()
    except OSError as e:
        return errno.errorcode.get(e.errno, repr(e))
`

func port(address net.Addr) int { return address.(*net.TCPAddr).Port }

func TestConnectionsOfAConfinedProgram(t *testing.T) {
	t.Parallel()
	c := setup(t)
	open, service := listen(t, "tcp", "127.0.0.1:0"), listen(t, "tcp", "[::]:0")
	c.places["open"], c.places["service"] = port(open), port(service)
	c.policy.Network.Services = []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port(service)))}
	result := c.run(t, connects+`
o, s = places["open"], places["service"]
def nonblocking():
    with socket.socket() as one:
        one.setblocking(False)
        code = one.connect_ex(("127.0.0.1", o))
        import select
        select.select([], [one], [], 10)
        one.setblocking(True)
        return [errno.errorcode.get(code, code), one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), one.recv(100).decode()]
async def tasks():
    reader, writer = await asyncio.open_connection("127.0.0.1", o)
    line = await reader.readline()
    writer.writelines([b"a", b"b"])
    writer.close()
    return line.decode()
def server():
    async def both():
        async def serve(reader, writer):
            writer.write(await reader.readline())
            await writer.drain()
            writer.close()
        served = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*served.sockets[0].getsockname())
        writer.write(b"echo\n")
        return (await reader.readline()).decode()
    return asyncio.run(both())
def raw(text):
    with socket.socket() as one:
        return one.connect(text)
print(json.dumps({
    "open": name(lambda: reach(("127.0.0.1", o))),
    "timeout": name(lambda: reach(("127.0.0.1", o), timeout=10)),
    "mapped": name(lambda: reach(("::ffff:127.0.0.1", o), socket.AF_INET6)),
    "nonblocking": outcome(nonblocking),
    "asyncio": outcome(lambda: asyncio.run(tasks())),
    "server": outcome(server),
    "refused": name(lambda: reach(("127.0.0.1", 1))),
    "datagram": name(lambda: reach(("127.0.0.1", 53), kind=socket.SOCK_DGRAM)),
    "sent": name(lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))),
    "pair": outcome(lambda: [a.sendmsg([b"xy"]) for a in socket.socketpair()]),
    "service": [name(lambda: reach((host, s))) for host in ("127.0.0.1", "localhost", "0.0.0.0", "127.1.2.3")],
    "service6": [name(lambda: reach((host, s), socket.AF_INET6)) for host in ("::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0")],
    "denied": [name(lambda: reach(("169.254.169.254", 80))), name(lambda: reach(("127.9.9.9", o))), name(lambda: reach(("fe80::1", 80, 0, 1), socket.AF_INET6)), name(lambda: reach(("64:ff9b::169.254.169.254", 80), socket.AF_INET6))],
    "datagrams": [
        name(lambda: reach(("169.254.169.254", 53), kind=socket.SOCK_DGRAM)),
        name(lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("169.254.169.254", 53))),
        name(lambda: socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("169.254.169.254", 53))),
    ],
    "fastopen": name(lambda: socket.socket().sendto(b"x", socket.MSG_FASTOPEN, ("127.0.0.1", s))),
    "raw": [name(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)), name(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)), name(lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)), name(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM))],
    "lookup": outcome(lambda: socket.getaddrinfo("localhost", 80)[0][4][1]),
}))
`)
	require.Equal(t, map[string]any{
		"open": "hello\n", "timeout": "hello\n", "mapped": "hello\n", "nonblocking": []any{"EINPROGRESS", 0.0, "hello\n"}, "asyncio": "hello\n",
		"server": "echo\n", "refused": "ECONNREFUSED", "datagram": "connected", "sent": 1.0, "pair": []any{2.0, 2.0},
		"service":   []any{"EACCES", "EACCES", "EACCES", "EACCES"},
		"service6":  []any{"EACCES", "EACCES", "EACCES", "EACCES"},
		"denied":    []any{"EACCES", "EACCES", "EACCES", "EACCES"},
		"datagrams": []any{"EACCES", "EACCES", "EACCES"},
		"fastopen":  "ENOTSUP",
		"raw":       []any{"EPERM", "EPROTONOSUPPORT", "EAFNOSUPPORT", "EAFNOSUPPORT"},
		"lookup":    80.0,
	}, result)
}

func TestLocalSocketsOfAConfinedProgram(t *testing.T) {
	t.Parallel()
	c := setup(t)
	foreign := filepath.Join(c.data, "socket")
	listen(t, "unix", foreign)
	listen(t, "unix", "@foreign-"+filepath.Base(c.data))
	c.places["foreign"], c.places["name"] = foreign, "\x00foreign-"+filepath.Base(c.data)
	result := c.run(t, connects+`
def serve(address, text):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    def accept():
        while True:
            one, _ = listener.accept()
            one.send(text)
            one.close()
    threading.Thread(target=accept, daemon=True).start()
serve("own", b"own")
serve("/tmp/own", b"temporary")
serve("\0own", b"abstract")
os.symlink(places["foreign"], "link")
print(json.dumps({
    "own": [name(lambda: reach(at, socket.AF_UNIX)) for at in ("own", os.getcwd() + "/own", "/tmp/own", "\0own")],
    "foreign": [name(lambda: reach(at, socket.AF_UNIX)) for at in (places["foreign"], "link", places["name"], "\0unknown")],
}))
`)
	require.Equal(t, map[string]any{
		"own":     []any{"own", "own", "temporary", "abstract"},
		"foreign": []any{"ENOENT", "ENOENT", "ECONNREFUSED", "ECONNREFUSED"},
	}, result)
}

func TestConnectionsToTheServer(t *testing.T) {
	t.Parallel()
	c := setup(t)
	own := listen(t, "tcp", "127.0.0.1:0")
	var mu sync.Mutex
	told := map[uint16]uint64{}
	c.policy.Network.Port = uint16(port(own))
	c.policy.Network.Own = func(port uint16, socket uint64) {
		mu.Lock()
		defer mu.Unlock()
		told[port] = socket
	}
	c.places["own"] = port(own)
	result := c.run(t, connects+`
def look(setup):
    s = socket.socket()
    setup(s)
    s.connect_ex(("127.0.0.1", places["own"]))
    s.setblocking(True)
    s.recv(100)
    return s.getsockname()[1], os.fstat(s.fileno()).st_ino
print(json.dumps([look(lambda s: None), look(lambda s: s.setblocking(False))]))
`)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, told, 2)
	for _, pair := range result.([]any) {
		port, socket := pair.([]any)[0].(float64), pair.([]any)[1].(float64)
		require.InDelta(t, socket, told[uint16(port)], 0)
	}
}
