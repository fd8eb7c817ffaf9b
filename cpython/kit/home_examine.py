# Describes the Python that runs it, for examine in home_examine.go, as JSON.
import importlib
import json
import sys

# The extension modules that the server's own programs and most functions need.
# A missing one is a Python that was built without a library, or for another system.
missing = []
for name in "_asyncio", "_ctypes", "_decimal", "_hashlib", "_json", "_socket", "_sqlite3", "_ssl", "select", "termios", "unicodedata", "zlib":
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append(f"module {name} ({error})")

# The shared library must be of the same version as the interpreter.
import ctypes

library = ctypes.CDLL(sys.argv[1])
library.Py_GetVersion.restype = ctypes.c_char_p
version = library.Py_GetVersion().decode().split()[0]
if version != sys.version.split()[0]:
    missing.append(f"libpython of its own version: the interpreter is {sys.version.split()[0]}, the library {version}")

print(json.dumps({
    "version": sys.version.split()[0], "major": sys.version_info.major, "minor": sys.version_info.minor,
    "level": sys.version_info.releaselevel, "gil": sys._is_gil_enabled(), "debug": hasattr(sys, "gettotalrefcount"),
    "prefix": sys.base_prefix, "missing": missing,
}))
