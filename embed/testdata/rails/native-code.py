import ctypes
import os


def libc(): return ctypes.CDLL(None)
def way_exit(): libc()._exit(3)
def way_system(): libc().system(b"true")
def way_abort(): ctypes.CDLL("libc.so.6").abort()
def way_kill(pid): libc()["kill"](pid, 15)
def way_python(): ctypes.pythonapi.Py_FatalError(b"x")
def way_pydll(): ctypes.PyDLL(None).sleep(1)
def way_capsule(): ctypes.pythonapi.PyCapsule_GetPointer(1, None)
def way_in_dll(): ctypes.c_void_p.in_dll(libc(), "environ")
def way_math(): ctypes.CDLL("libm.so.6").malloc(1)
def way_loader(): libc().dlopen(None, 2)
def way_syscall(): libc().syscall(39)
def way_open(key): libc().open(key.encode(), 0)
def way_own_library(home):
    path = home + "/own.so"
    with open("/lib/x86_64-linux-gnu/libm.so.6" if os.path.exists("/lib/x86_64-linux-gnu/libm.so.6") else ctypes.util.find_library("m"), "rb") as source, open(path, "wb") as copy:
        copy.write(source.read())
    ctypes.CDLL(path)
def way_own_extension(home):
    import importlib.machinery
    import importlib.util
    open(home + "/own_extension.so", "wb").close()
    spec = importlib.machinery.ModuleSpec("own_extension", importlib.machinery.ExtensionFileLoader("own_extension", home + "/own_extension.so"), origin=home + "/own_extension.so")
    importlib.util.module_from_spec(spec)
def way_sqlite(home):
    import sqlite3
    open(home + "/extension.so", "wb").close()
    connection = sqlite3.connect(":memory:")
    connection.enable_load_extension(True)
    connection.load_extension(home + "/extension.so")


def fine_version():
    libc().gnu_get_libc_version()
    assert libc().getpid() == os.getpid()
def fine_math():
    pow = ctypes.CDLL("libm.so.6").pow
    pow.restype, pow.argtypes = ctypes.c_double, [ctypes.c_double] * 2
    assert pow(2, 3) == 8
def fine_missing(): assert not hasattr(libc(), "no_such_function") and not hasattr(libc(), "fork")
def fine_find():
    import ctypes.util
    ctypes.util.find_library("c")
def fine_structure():
    class Point(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]
    assert Point.from_buffer_copy(bytes(Point(1, 2))).y == 2
