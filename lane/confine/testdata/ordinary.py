# Each function does what ordinary programs do, and must not fail.
import asyncio, concurrent.futures, getpass, http.client, mmap, multiprocessing, signal, socket, subprocess, sys, tempfile, threading, time

fork, spawn, server = (multiprocessing.get_context(name) for name in ("fork", "spawn", "forkserver"))


def square(number):
    return number * number


def tls():
    import ssl

    context = ssl.create_default_context()
    assert context.check_hostname and ssl.RAND_bytes(8)


def database():
    import sqlite3

    with sqlite3.connect("own.db") as base:
        base.execute("create table if not exists t (a)")
        base.execute("insert into t values (1)")
        assert base.execute("select count(*) from t").fetchone()[0] >= 1


def shell():
    assert subprocess.run(["/bin/sh", "-c", "echo $((1 + 1)); ls / >/dev/null; exit 3"], capture_output=True, text=True).stdout == "2\n"
    assert os.system("exit 0") == 0


def python():
    out = subprocess.run([sys.executable, "-c", "import json, ssl; print(1 + 1)"], capture_output=True, text=True, check=True)
    assert out.stdout == "2\n"


def pools():
    for context in fork,:
        with context.Pool(2) as pool:
            assert pool.map(square, range(10)) == [n * n for n in range(10)]
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as executor:
        assert list(executor.map(square, range(5))) == [0, 1, 4, 9, 16]


def started_processes():
    for context in fork, spawn, server:
        process = context.Process(target=print, kwargs={"end": ""})
        process.start()
        process.join()
        assert process.exitcode == 0, context


def queues():
    queue, lock, event = fork.Queue(), fork.Lock(), fork.Event()
    process = fork.Process(target=queue.put, args=(7,))
    process.start()
    assert queue.get(timeout=20) == 7
    process.join()
    with lock:
        event.set()


def manager():
    with fork.Manager() as shared:
        values = shared.dict(a=1)
        values["b"] = 2
        assert values.copy() == {"a": 1, "b": 2}


def shared_memory():
    from multiprocessing import shared_memory

    block = shared_memory.SharedMemory(create=True, size=100)
    try:
        block.buf[0] = 1
    finally:
        block.close()
        block.unlink()


def temporary_files():
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"x")
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
        file.flush()
        with mmap.mmap(file.fileno(), 1) as mapped:
            assert mapped[:] == b"x"
    os.mkfifo("fifo")
    os.rename("fifo", "tmp/fifo")
    os.remove("tmp/fifo")


def terminal():
    for each in os.openpty():
        os.close(each)


def names():
    assert socket.getaddrinfo("localhost", 80)
    assert socket.if_nameindex()
    assert getpass.getuser()
    import zoneinfo, locale

    zoneinfo.ZoneInfo("Europe/Berlin")
    assert os.cpu_count() >= 1


def descriptors():
    assert {"0", "1", "2"} <= set(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else True
    assert len(os.urandom(16)) == 16
    open("/dev/null", "w").write("x")


def signals():
    caught = []
    signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
    os.kill(os.getpid(), signal.SIGUSR1)
    child = subprocess.Popen(["sleep", "100"])
    child.terminate()
    assert child.wait() == -signal.SIGTERM and caught


def http_client():
    connection = http.client.HTTPConnection("127.0.0.1", places["open"], timeout=20)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"ok"


def web_server():
    import http.server, urllib.request

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        assert urllib.request.urlopen("http://127.0.0.1:%d/" % served.server_port).status == 200
        served.shutdown()


def local_server():
    async def both():
        async def serve(reader, writer):
            writer.writelines([await reader.readline(), b"."])
            writer.close()

        async with await asyncio.start_unix_server(serve, "tmp/server"):
            reader, writer = await asyncio.open_unix_connection("tmp/server")
            writer.write(b"line\n")
            assert await reader.read() == b"line\n."

    asyncio.run(both())


def interrupted_connect():
    "A signal interrupts a blocking connect, and Python goes on with it."
    caught = []
    with socket.socket() as full, socket.socket() as late:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:  # the queue of connections is full: the next ones wait
            each.setblocking(False)
            each.connect_ex(full.getsockname())

        def accept():
            with full.dup() as listener:
                while True:
                    listener.accept()

        def interrupt(*_):
            caught.append(1)
            if len(caught) == 3:
                threading.Thread(target=accept, daemon=True).start()

        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        late.connect(full.getsockname())
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert len(caught) >= 3 and late.getpeername() == full.getsockname()


def slow_connect():
    with socket.socket() as full, socket.socket() as late:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        late.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, (0).to_bytes(8, "little") + (50_000).to_bytes(8, "little"))
        try:
            late.connect(full.getsockname())
        except BlockingIOError:
            return
        assert False, "connected"


only = sys.argv[2:]
ordinary = {name: function for name, function in list(globals().items())
            if callable(function) and getattr(function, "__module__", "") == "__main__" and name not in ("outcome", "square")}
if __name__ == "__main__":
    import traceback

    def tried(function):
        try:
            return function()
        except BaseException:
            return traceback.format_exc()

    print(json.dumps({name: tried(function) for name, function in ordinary.items()}))
