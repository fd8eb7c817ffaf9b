import ctypes


def way_string(): ctypes.string_at(0)
def way_string_somewhere(): ctypes.string_at(id(ctypes), 100)
def way_wide_string(): ctypes.wstring_at(0)
def way_view(): ctypes.memoryview_at(id(ctypes), 8)
def way_address(): ctypes.c_char.from_address(id(ctypes))
def way_structure():
    class Two(ctypes.Structure):
        _fields_ = [("a", ctypes.c_long), ("b", ctypes.c_long)]
    Two.from_address(8)
def way_object():
    import _ctypes
    _ctypes.PyObj_FromPtr(id(ctypes))
def way_call():
    import _ctypes
    _ctypes.call_function(1, ())
def way_move(): ctypes.memmove(0, b"x", 1)
def way_set(): ctypes.memset(0, 0, 1)
def way_cast(): ctypes.cast(16, ctypes.POINTER(ctypes.c_int))[0]
def way_cast_string(): ctypes.cast(16, ctypes.c_char_p).value
def way_function(): ctypes.CFUNCTYPE(None)(16)()
def way_pointer(): ctypes.c_char_p(16).value
def way_pointer_contents(): ctypes.POINTER(ctypes.c_int).from_buffer(ctypes.c_void_p(16)).contents
def way_pointer_index(): ctypes.POINTER(ctypes.c_int).from_buffer(ctypes.c_void_p(16))[0]


def fine_buffer():
    buffer = ctypes.create_string_buffer(b"abc", 10)
    assert buffer.value == b"abc" and ctypes.sizeof(buffer) == 10
def fine_pointer():
    pointer = ctypes.pointer(ctypes.c_int(5))
    assert pointer.contents.value == pointer[0] == 5
def fine_cast():
    array = (ctypes.c_int * 3)(1, 2, 3)
    assert ctypes.cast(array, ctypes.POINTER(ctypes.c_int))[1] == 2
def fine_string(): assert ctypes.c_char_p(b"abc").value == b"abc"
def fine_callback():
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)
    assert compare(1) == 2
def fine_move():
    a, b = ctypes.create_string_buffer(3), ctypes.create_string_buffer(b"ab")
    ctypes.memmove(a, b, 2)
    ctypes.memset(b, 0, 1)
    assert a.value == b"ab"
