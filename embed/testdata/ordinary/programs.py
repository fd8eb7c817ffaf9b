"""Programs that ordinary functions consist of; each must work on the rails."""

import os


def fine_tempfile():
    import tempfile
    with tempfile.NamedTemporaryFile("w+", suffix=".csv") as file:
        file.write("a,b")
        file.flush()
        assert open(file.name).read() == "a,b"
    with tempfile.SpooledTemporaryFile(max_size=10) as file:
        file.write(bytes(100))
def fine_sqlite():
    import sqlite3
    with sqlite3.connect("data.db") as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table if not exists t (x)")
        connection.execute("insert into t values (1)")
        assert connection.execute("select count(*) from t").fetchone()[0] >= 1
    connection.close()
def fine_zip():
    import zipfile
    with zipfile.ZipFile("/tmp/a.zip", "w") as archive:
        archive.writestr("x/y.txt", "text")
    with zipfile.ZipFile("/tmp/a.zip") as archive:
        archive.extractall("extracted")
    assert open("extracted/x/y.txt").read() == "text"
def fine_tar():
    import tarfile
    open("packed.txt", "w").close()
    with tarfile.open("a.tar.gz", "w:gz") as archive:
        archive.add("packed.txt")
    with tarfile.open("a.tar.gz") as archive:
        archive.extractall("unpacked", filter="data")
def fine_csv():
    import csv
    with open("out.csv", "w", newline="") as file:
        csv.writer(file).writerows([[1, 2], [3, 4]])
    with open("out.csv", newline="") as file:
        assert list(csv.reader(file)) == [["1", "2"], ["3", "4"]]
def fine_log_file():
    import logging
    import logging.handlers
    logger = logging.getLogger("to a file")
    handler = logging.handlers.RotatingFileHandler("app.log", maxBytes=100, backupCount=2)
    logger.addHandler(handler)
    for _ in range(10):
        logger.warning("a line of some length")
    logger.removeHandler(handler)
    handler.close()
    assert os.path.exists("app.log.1")
def fine_subprocess():
    import subprocess
    assert subprocess.run(["sh", "-c", "cat; pwd; ls /usr > /dev/null"], input="in\n", capture_output=True, text=True, check=True).stdout == f"in\n{os.getcwd()}\n"
    with open("by-parent", "w") as file:
        file.write("x")
    assert subprocess.check_output(["cat", "by-parent"]) == b"x"
    assert subprocess.run("echo y > by-child && mktemp", shell=True, capture_output=True, check=True, text=True).stdout.startswith(os.environ["TMPDIR"])
    assert open("by-child").read() == "y\n"
def fine_converter():
    """The input and output of a program of the system in /tmp, as its arguments."""
    import subprocess
    with open("/tmp/in.txt", "w") as file:
        file.write("b\na\n")
    subprocess.run(["sort", "-o", "/tmp/out.txt", "/tmp/in.txt"], check=True)
    assert open("/tmp/out.txt").read() == "a\nb\n"
def fine_working_directory():
    import subprocess
    os.makedirs("/tmp/work", exist_ok=True)
    assert subprocess.check_output(["pwd"], cwd="/tmp/work", text=True).strip() == os.environ["TMPDIR"] + "/work"
def fine_spawn():
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "echo z > spawned"], dict(os.environ))
    assert os.waitpid(pid, 0)[1] == 0
    assert open("spawned").read() == "z\n"
def fine_multiprocessing():
    import math
    import multiprocessing
    with multiprocessing.Pool(2) as pool:
        assert pool.map(math.sqrt, [1, 4]) == [1, 2]
    with multiprocessing.Manager() as manager:
        assert dict(manager.dict(a=1)) == {"a": 1}
def fine_executor():
    import math
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(math.sqrt, [1, 4])) == [1, 2]
def fine_python_program():
    import subprocess
    import sys
    with open("program.py", "w") as file:
        file.write("import ssl, sqlite3, json, sys\nsqlite3.connect('child.db').execute('create table if not exists t (x)')\nprint('done')")
    assert subprocess.check_output([sys.executable, "program.py"], text=True) == "done\n"
def fine_http():
    import http.server
    import threading
    import urllib.request
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")
        def log_message(self, *args): pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    assert urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}").read() == b"hello"
    server.shutdown()
    server.server_close()
    thread.join()
async def serve_and_connect():
    import asyncio
    async def answer(reader, writer):
        writer.write(await reader.read(10))
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"x")
    assert await reader.read(10) == b"x"
    writer.close()
    server.close()
    process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    assert (await process.communicate(b"y"))[0] == b"y"
def fine_asyncio():
    import asyncio
    asyncio.run(serve_and_connect())
def fine_tls():
    import ssl
    context = ssl.create_default_context()
    context.get_ca_certs()
    ssl.get_default_verify_paths()
def fine_configuration():
    """As SDKs look for their settings."""
    import configparser
    import netrc
    for name in "~/.aws/config", "~/.aws/credentials", "~/.config/app.ini", "~/.netrc":
        path = os.path.expanduser(name)
        assert not os.path.isfile(path) and not configparser.ConfigParser().read(path)
    os.makedirs(os.path.expanduser("~/.app"), exist_ok=True)
    with open(os.path.expanduser("~/.app/config"), "w") as file:
        file.write("[a]\nb = c\n")
    parser = configparser.ConfigParser()
    parser.read([os.path.expanduser("~/.app/config"), "/etc/app.ini"])
    assert parser["a"]["b"] == "c"
    try:
        netrc.netrc()
    except FileNotFoundError:
        pass
def fine_cache():
    """As libraries keep theirs."""
    import pathlib
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "library"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "fonts.json").write_text("{}")
    assert os.access(cache, os.W_OK) and not os.access("/usr/lib", os.W_OK)
def fine_pathlib():
    import pathlib
    base = pathlib.Path("tree")
    for i in range(3):
        (base / str(i)).mkdir(parents=True, exist_ok=True)
        (base / str(i) / "file").touch()
    assert len(list(base.rglob("file"))) == 3 and base.resolve().is_relative_to(pathlib.Path.home().resolve())
    assert (base / "0" / "file").owner() is not None
def fine_shelve():
    import dbm
    import shelve
    with shelve.open("shelf") as shelf:
        shelf["a"] = [1]
    with dbm.open("dbm", "c") as database:
        database[b"a"] = b"b"
def fine_resources():
    import importlib.metadata
    import importlib.resources
    assert importlib.resources.files("email").joinpath("charset.py").read_text()
    list(importlib.metadata.distributions())
def fine_zone():
    import datetime
    import zoneinfo
    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pass
    datetime.datetime.now().astimezone()
def fine_mime():
    import mimetypes
    mimetypes.init()
    assert mimetypes.guess_type("a.html")[0] == "text/html"
def fine_names():
    import getpass
    import pwd
    import socket
    getpass.getuser()
    pwd.getpwuid(os.getuid())
    socket.getaddrinfo("localhost", 80)
    socket.gethostbyname(socket.gethostname())
def fine_platform():
    import platform
    platform.platform()
    platform.libc_ver()
    platform.freedesktop_os_release() if os.path.exists("/etc/os-release") else None
    platform.processor()
def fine_processors():
    import multiprocessing
    assert os.cpu_count() and multiprocessing.cpu_count() and len(os.sched_getaffinity(0))
    for path in "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/memory.max", "/sys/devices/system/cpu/online":
        if os.path.exists(path):
            open(path).read()
def fine_figures():
    """As psutil reads them."""
    for name in "/proc/stat", "/proc/meminfo", "/proc/self/stat", "/proc/self/status", "/proc/self/statm", "/proc/net/dev", "/proc/diskstats":
        if os.path.exists(name):
            open(name).read()
    os.listdir("/proc")
    os.readlink("/proc/self/exe")
    os.readlink("/proc/self/cwd")
def fine_uuid():
    import random
    import secrets
    import uuid
    uuid.uuid1()
    uuid.uuid4()
    secrets.token_hex()
    random.SystemRandom().random()
def fine_pickle():
    import pickle
    import dataclasses
    import collections
    point = collections.namedtuple("point", "x")
    globals()["point"] = point
    point.__module__ = __name__
    with open("pickled", "wb") as file:
        pickle.dump([1, {"a": point(1)}], file)
    with open("pickled", "rb") as file:
        assert pickle.load(file)[1]["a"].x == 1
    dataclasses.make_dataclass("D", ["x"])(1)
def fine_templates():
    """As templating engines compile theirs, and name them in tracebacks."""
    source = compile("def f(x):\n    return x + 1", "template.html", "exec")
    names = {}
    exec(source.replace(co_filename="other.html", co_name="template"), names)
    assert names["f"](1) == 2
def fine_ffi():
    import ctypes
    import ctypes.util
    ctypes.util.find_library("z")
    assert ctypes.sizeof(ctypes.c_long) == 8
    library = ctypes.CDLL("libm.so.6")
    library.cos.restype, library.cos.argtypes = ctypes.c_double, [ctypes.c_double]
    assert library.cos(0) == 1
def fine_shared_memory():
    from multiprocessing import shared_memory
    memory = shared_memory.SharedMemory(create=True, size=100)
    again = shared_memory.SharedMemory(memory.name)
    memory.buf[0] = 7
    assert again.buf[0] == 7
    again.close()
    memory.close()
    memory.unlink()
def fine_mmap():
    import mmap
    with open("mapped", "w+b") as file:
        file.truncate(100)
        with mmap.mmap(file.fileno(), 100) as view:
            view[0] = 1
def fine_garbage():
    import gc
    gc.collect()
    assert gc.get_objects() and gc.get_stats()
def fine_debug():
    import inspect
    import linecache
    import traceback
    assert inspect.getsource(fine_debug) and inspect.getsource(linecache)
    traceback.format_stack()
def fine_deep_folders():
    """As deep as a path may be long, with an error that says so, and their removal."""
    import errno
    import shutil
    home, name = os.getcwd(), "f" * 200
    os.mkdir("deep")
    os.chdir("deep")
    try:
        for depth in range(100):
            os.mkdir(name)
            os.chdir(name)
    except OSError as e:
        assert e.errno == errno.ENAMETOOLONG, e
    else:
        assert False, "no end"
    os.chdir(home)
    assert depth > 15
    shutil.rmtree("deep")
