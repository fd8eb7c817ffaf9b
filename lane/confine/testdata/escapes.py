# Each function tries to get out, and returns what it got. A refused one raises
# OSError, or finds nothing.
import ctypes, errno, glob, multiprocessing, os, signal, socket, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    function = getattr(libc, name)
    function.restype = ctypes.c_long
    result = function(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def everywhere(name):
    found = []
    for folder in ["/proc/%d" % pid for pid in list(range(1, 50)) + [places["server"]]]:
        try:
            with open(folder + "/" + name, "rb") as file:
                found.append(file.read(1 << 20).decode(errors="replace"))
        except OSError:
            pass
    return found


def environment():
    return [text for text in everywhere("environ") if places["variable"] in text] or None


def memory():
    with open("/proc/%d/mem" % places["server"], "rb") as file:
        return file.read(1)


def trace():
    return call("ptrace", 16, places["server"], None, None)  # PTRACE_ATTACH


def other_memory():
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.cast(buffer, ctypes.c_void_p), 8)
    return call("process_vm_readv", places["server"], vector, 1, vector, 1, 0)


def data_folder():
    found = glob.glob(places["data"] + "/*") + glob.glob(places["data"] + "/files/*")
    return [name for name in found if name not in (places["data"] + "/files", places["home"])] or None


def key():
    return open(places["key"]).read()


def key_by_link():
    os.symlink(places["key"], "key")
    return open("key").read()


def key_by_root():
    return open("/proc/1/root" + places["key"]).read()


def key_by_child():
    return subprocess.run(["cat", places["key"]], capture_output=True, text=True).stdout or None


def other_folder():
    return open(places["other"] + "/file").read()


def other_folder_by_child():
    return subprocess.run(["/bin/sh", "-c", "cat '%s/file'" % places["other"]], capture_output=True, text=True).stdout or None


def shadow():
    return open("/etc/shadow").read()


def homes():
    return os.listdir("/root") or None


def signal_to_the_server():
    os.kill(places["server"], 0)


def signal_to_the_parent():
    if os.getppid() == 0:
        return None
    os.kill(os.getppid(), 0)


def signal_to_all():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.kill(-1, signal.SIGUSR1)


def descriptor_of_the_server():
    return call("syscall", 434, places["server"], 0)


def write_outside():
    for path in places["data"], places["data"] + "/files", places["other"]:
        writes(path)  # where /tmp is its own, these may be its own too: the test looks whether they were written
    return [path for path in ("/", "/usr", "/etc", "/bin", "/opt", "/var", "/dev", "/run") if writes(path)] or None


def writes(folder):
    try:
        with open(folder + "/escaped", "w"):
            return True
    except OSError:
        return False


def write_python():
    with open(sys.prefix + "/lib/python3.14/escaped.py", "w"):
        return "written"


def mount():
    return call("mount", b"none", b"/tmp", b"tmpfs", 0, None)


def new_namespace():
    os.unshare(os.CLONE_NEWUSER)
    return "made"


def join_namespace():
    return os.setns(os.open("/proc/1/ns/mnt", os.O_RDONLY))


def become_root():
    os.setuid(0)
    return os.getuid()


def privileged_program():
    return subprocess.run(["su", "-c", "id", "root"], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout or None


def device():
    os.mknod("disk", 0o600 | 0o060000, os.makedev(254, 0))
    return open("disk", "rb").read(1)


def uring():
    return call("syscall", 425, 8, ctypes.create_string_buffer(120))


def listener_of_connections():
    program = (ctypes.c_uint16 * 4)(6, 0, 0, 0x7FFF)  # return; allow
    frame = (ctypes.c_uint64 * 2)(1, ctypes.addressof(program))
    return call("syscall", 317, 1, 8, frame)


def abstract_socket():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(places["abstract"])
        return s.recv(10).decode()


def database_socket():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(places["socket"])
        return s.recv(10).decode()


def database():
    with socket.create_connection(("127.0.0.1", places["service"])) as s:
        return s.recv(10).decode()


def database_by_child():
    program = "import socket; print(socket.create_connection(('127.0.0.1', %d)).recv(10))" % places["service"]
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout or None


def database_by_forks():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(one_database, range(2), 1)


def one_database(number):
    return database()


def race():
    "A thread exchanges the address while another connects."
    import threading

    service = (2).to_bytes(2, "little") + places["service"].to_bytes(2, "big") + socket.inet_aton("127.0.0.1") + bytes(8)
    free = (2).to_bytes(2, "little") + places["open"].to_bytes(2, "big") + socket.inet_aton("127.0.0.1") + bytes(8)
    address = ctypes.create_string_buffer(free, 16)
    over = []

    def exchange():
        while not over:
            ctypes.memmove(address, service, 16)
            ctypes.memmove(address, free, 16)

    threading.Thread(target=exchange).start()
    reached = set()
    try:
        for _ in range(300):
            with socket.socket() as s:
                s.settimeout(None)
                if libc.connect(s.fileno(), address, 16) == 0:
                    reached.add(s.getpeername()[1])
    finally:
        over.append(1)
    return "reached" if places["service"] in reached else None


def attempts(given):
    global places
    places = given
    own = attempts.__code__.co_filename
    outcomes = {}
    for name, function in list(globals().items()):
        if getattr(getattr(function, "__code__", None), "co_filename", None) == own and function.__code__.co_argcount == 0:
            try:
                outcomes[name] = function()
            except BaseException as e:
                outcomes[name] = f"{type(e).__name__}: {e}"
    return outcomes
