import marshal
import types


def code(): return (lambda: 0).__code__
def dumped(): return marshal.dumps(compile("1", "x", "eval"))
def way_bytes(): code().replace(co_code=b"\x65\xff" * 4)
def way_constants(): code().replace(co_consts=())
def way_stack(): code().replace(co_stacksize=0)
def way_table(): code().replace(co_exceptiontable=b"x")
def way_flags(): code().replace(co_flags=0)
def way_copy():
    import copy
    copy.replace(code(), co_code=b"")
def way_new():
    c = code()
    types.CodeType(0, 0, 0, 0, 1, 3, c.co_code, (), (), (), "x", "x", "x", 1, b"", b"", (), ())
def way_method(): type(code()).__replace__(code(), co_names=())
def way_loads(): marshal.loads(dumped())
def way_inside(): marshal.loads(marshal.dumps({"a": [compile("1", "x", "eval")]}))
def way_load():
    import io
    marshal.load(io.BytesIO(dumped()))
def way_frozen():
    import _imp
    _imp.get_frozen_object("x", dumped())
def way_compiled_file(home):
    import importlib.machinery
    import importlib.util
    path = home + "/own_module.pyc"
    with open(path, "wb") as file:
        file.write(importlib.util.MAGIC_NUMBER + bytes(12) + dumped())
    importlib.machinery.SourcelessFileLoader("own_module", path).get_code("own_module")
def way_false_name():
    from importlib import _bootstrap_external
    import json
    _bootstrap_external._compile_bytecode(dumped(), "x", json.__cached__)
def way_run(home):
    import importlib.util
    import runpy
    path = home + "/program.pyc"
    with open(path, "wb") as file:
        file.write(importlib.util.MAGIC_NUMBER + bytes(12) + dumped())
    runpy.run_path(path)


def fine_names():
    assert code().replace(co_name="renamed", co_filename="f", co_firstlineno=3).co_name == "renamed"
def fine_coroutine():
    @types.coroutine
    def generator():
        yield
    generator()
def fine_compile(): assert eval(compile("1 + 1", "x", "eval")) == 2
def fine_function():
    def other(): return 1
    def one(): return 0
    one.__code__ = other.__code__
    assert one() == 1
def fine_data(): assert marshal.loads(marshal.dumps([1, {"a": (2, None)}])) == [1, {"a": (2, None)}]
def fine_import():
    import colorsys, wave, tomllib, this
def fine_own_module(home):
    import importlib
    import sys
    with open(home + "/plain_module.py", "w") as file:
        file.write("x = 5")
    sys.path.insert(0, home)
    importlib.invalidate_caches()
    import plain_module
    assert plain_module.x == 5
    sys.path.remove(home)
