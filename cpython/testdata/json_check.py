"""The checks of the converter that are written against Python's own json, in
the same interpreter. Each check_* takes and returns bytes; a failed one raises
AssertionError with everything that differs. load, dump and set_hooks are
builtins of the probe (json_probe.h).
"""

import json
import random
import struct
import sys

sys.set_int_max_str_digits(0)


def write(value):
    return dump(value)[0]


def read(text, request=False, offsets=()):
    return load(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), request, offsets)


def same(a, b):
    """Equal, and of equal types, all the way down; tells -0.0 from 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    return a == b


def raised(function, *args):
    try:
        function(*args)
    except Exception as exception:
        return f"{type(exception).__name__}: {exception}"
    return None


STRINGS = [
    "", "a", "é", "中", "😀", "\0", "\x1f", "\x7f", "\x80", "\xff", "\u0100", "\uffff", "\U0010ffff", '"', "\\", "/",
    "\b\f\n\r\t", "a\0b", "\ud800", "\udc00", "\udfff", "a\ud83d", "\ude00\ud83d", "\ud800\ud800", "x" * 1000,
    "é" * 1000, "中文" * 700, "😀" * 700, "\ud800" * 700, "\x01" * 700, "line\nline", "a" * 7 + '"', "a" * 8 + '"',
    "a" * 9 + "\\", "a" * 15 + "\n", "a" * 16 + "é", "\u2028\u2029", "<script>", "abc\x7fdef", "\ufeff", "é\0", "中\\\"\n",
]

INTS = [0, 1, -1, 9, 10, 99, 100, 2**31, -(2**31), 2**53 + 1, 10**17, 10**18 - 1, 10**18, -(10**18), 2**63 - 1, 2**63,
        -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, -(2**64), 10**19, 10**27, 10**27 - 1, 10**36 + 1, 2**1000, -(2**1000),
        10**4299, 10**4300 - 1, -(10**4300 - 1)]

FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 0.2 + 0.1, 1e15, 1e16, 1e17, 123456789012345.0, 1234567890123456.0, 999999999999999.9,
          1e-4, 0.00012, 1e-5, 1.5e-7, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e100, 3.14,
          2.675, 1 / 3, 100.0, 1e9 + 0.1, 0.000123456789, 9007199254740993.0, 4.35, 0.57, 1.1e-9, 123456.789012345]


def values():
    yield from (None, True, False, [], {}, [[]], [{}], {"": ""}, {"a": {"b": [1, 2, {"c": None}]}})
    yield from STRINGS
    yield from INTS
    yield from FLOATS
    for text in STRINGS:
        yield {text: text}
        yield [text, {text: [text]}]
    yield {str(i): i for i in range(1000)}
    yield list(range(1000))
    yield [[i] * (i % 7) for i in range(300)]
    nested = 1
    for i in range(512):
        nested = [nested] if i % 2 else {"a": nested}
    yield nested
    rng = random.Random(7)
    for _ in range(20000):
        yield struct.unpack("d", rng.randbytes(8))[0]
        yield round(rng.uniform(-1e6, 1e6), rng.randrange(12))
        yield rng.randrange(10**15) / 10 ** rng.randrange(20)
        yield rng.randrange(-(10**rng.randrange(1, 60)), 10**rng.randrange(1, 60))
    for _ in range(300):
        yield "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0x3000), rng.randrange(0x110000))))
                      for _ in range(rng.randrange(40)))
        yield tree(rng, 6)


def tree(rng, depth):
    choice = rng.randrange(8 if depth else 6)
    if choice < 6:
        return rng.choice([None, True, 12, -3.25, "text", "täxt", 10**30])
    if choice == 6:
        return [tree(rng, depth - 1) for _ in range(rng.randrange(12))]
    return {f"key{rng.randrange(400)}": tree(rng, depth - 1) for _ in range(rng.randrange(12))}


def check_against_json(_):
    count, wrong = 0, []
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    for value in values():
        count += 1
        if isinstance(value, float) and (value != value or abs(value) == float("inf")):
            if raised(write, value) is None:
                wrong.append(("accepted", value))
            continue
        text = write(value)
        if not same(json.loads(text), value):
            wrong.append(("dump, json.loads", ascii(value)[:100], text[:100]))
        if not same(read(text), value):
            wrong.append(("dump, load", ascii(value)[:100], text[:100]))
        texts = [json.dumps(value), json.dumps(value, indent=1)]
        if not has_surrogate(value):
            texts.append(json.dumps(value, ensure_ascii=False))
        if not all(same(read(text), value) for text in texts):
            wrong.append(("json.dumps, load", ascii(value)[:100]))
        if isinstance(value, (int, float)) and text.decode() != json.dumps(value):
            wrong.append(("other text than repr", value, text))
    sys.setrecursionlimit(limit)
    assert not wrong, wrong[:10]
    return str(count).encode()


def has_surrogate(value):
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


class Headers(dict):
    pass


def install_convert(source):
    namespace = {"__name__": "convert"}
    exec(compile(source, "convert.py", "exec"), namespace)
    HOOKS.append(namespace["convert"])
    set_hooks(HOOKS[0], Headers)
    return b""


HOOKS = []


def conversions():
    import collections
    import dataclasses
    import datetime
    import decimal
    import enum
    import pathlib
    import uuid

    class Colour(enum.Enum):
        RED = "red"
        NESTED = (1, 2)
        WHEN = datetime.date(2026, 1, 2)

    class Number(enum.IntEnum):
        ONE = 1

    class Word(enum.StrEnum):
        HELLO = "hello"

    class Flags(enum.Flag):
        A = 1
        B = 2

    class Mixed(str, enum.Enum):
        A = "a"

    @dataclasses.dataclass
    class Point:
        x: int
        y: object = None

    @dataclasses.dataclass(slots=True, frozen=True)
    class Slotted:
        when: datetime.date

    class Model:  # what a pydantic model looks like from outside
        __pydantic_serializer__ = object()

        def model_dump(self, *, mode):
            return {"mode": mode}

    class Text(str):
        def __str__(self):
            return "not this"

    class Integer(int):
        def __repr__(self):
            return "not this"

    class Real(float):
        def __repr__(self):
            return "not this"

    class Dict(dict):
        pass

    class List(list):
        pass

    class Bytes(bytes):
        pass

    ordered = collections.OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    named = collections.namedtuple("named", "a b")
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc)
    ident = uuid.UUID(int=5)
    return [
        (Colour.RED, '"red"'), (Colour.NESTED, "[1,2]"), (Colour.WHEN, '"2026-01-02"'), (Number.ONE, "1"),
        (Word.HELLO, '"hello"'), (Flags.A | Flags.B, "3"), (Mixed.A, '"a"'),
        (moment, '"2026-01-02T03:04:05.000006+00:00"'), (moment.date(), '"2026-01-02"'),
        (moment.time(), '"03:04:05.000006"'), (moment.timetz(), '"03:04:05.000006+00:00"'),
        (ident, '"00000000-0000-0000-0000-000000000005"'), (pathlib.Path("/a/b"), '"/a/b"'),
        (pathlib.PureWindowsPath("c:/x"), json.dumps("c:\\x")), (decimal.Decimal("1.10"), '"1.10"'),
        (b"\x00\xff", '"AP8="'), (b"", '""'), (bytearray(b"a"), '"YQ=="'), (memoryview(b"a"), '"YQ=="'),
        (Bytes(b"a"), '"YQ=="'), ((1, (2,)), "[1,[2]]"), ((), "[]"), (named(1, 2), "[1,2]"),
        ({3, 1, 2}, "[1,2,3]"), (frozenset("ba"), '["a","b"]'), (set(), "[]"), ({"a"} | {1} - {1}, '["a"]'),
        (Point(1, Point(2)), '{"x":1,"y":{"x":2,"y":null}}'), (Slotted(moment.date()), '{"when":"2026-01-02"}'),
        (Model(), '{"mode":"json"}'), (Text("t"), '"t"'), (Integer(5), "5"), (Integer(10**30), str(10**30)),
        (Real(1.5), "1.5"), (Dict(a=1), '{"a":1}'), (List([1]), "[1]"), (ordered, '{"b":2,"a":1}'),
        (collections.defaultdict(list, a=[1]), '{"a":[1]}'), (collections.Counter("aa"), '{"a":2}'),
        ({1: 1, 2.5: 2, True: 3}, '{"1":3,"2.5":2}'), ({False: 0, None: 1}, '{"false":0,"null":1}'),
        ({Text("k"): 1, Mixed.A: 2, Number.ONE: 3}, '{"k":1,"a":2,"1":3}'), ({10**20: 1}, '{"100000000000000000000":1}'),
        ({Colour.RED: 1, moment.date(): 2, decimal.Decimal("1.0"): 3}, '{"red":1,"2026-01-02":2,"1.0":3}'),
        ({"a": [moment.date(), {"b": Colour.RED}]}, '{"a":["2026-01-02",{"b":"red"}]}'),
    ]


def check_conversions(_):
    wrong = []
    for value, want in conversions():
        try:
            got = write(value).decode()
        except Exception as exception:
            got = repr(exception)
        if got != want:
            wrong.append((repr(value), got, want))
    mixed = json.loads(write({1, "a", None}))
    if sorted(map(str, mixed)) != ["1", "None", "a"]:
        wrong.append(mixed)
    assert not wrong, wrong
    return b""


def check_refusals(_):
    import dataclasses
    import datetime
    import enum
    import types

    class Foo:
        pass

    class Meta(type):
        pass

    class Odd(metaclass=Meta):
        pass

    @dataclasses.dataclass
    class Order:
        items: list

    class Endless(enum.Enum):
        pass

    class Pair(enum.Enum):
        A = (1, 2)

    cycle = []
    cycle.append(cycle)
    loop = {}
    loop["me"] = loop
    nested = 1
    for _ in range(513):
        nested = [nested]
    nan, inf = float("nan"), float("inf")
    wrong = []
    for value, want in [
        (Foo(), "TypeError: output: object of type Foo is not a JSON value"),
        (Odd(), "TypeError: output: object of type Odd is not a JSON value"),
        (Foo, "TypeError: output: object of type type is not a JSON value"),
        (1j, "TypeError: output: object of type complex is not a JSON value"),
        ({"items": [1, 2, {"when": Foo()}]}, "TypeError: output.items[2].when: object of type Foo is not a JSON value"),
        ({"a b": (0, Foo())}, "TypeError: output['a b'][1]: object of type Foo is not a JSON value"),
        (Order([Foo()]), "TypeError: output.items[0]: object of type Foo is not a JSON value"),
        ([datetime.timedelta(1)], "TypeError: output[0]: object of type timedelta is not a JSON value"),
        ({1: {None: Foo()}}, "TypeError: output[1][None]: object of type Foo is not a JSON value"),
        ({"é": [range(3)]}, "TypeError: output.é[0]: object of type range is not a JSON value; make it a list"),
        ((x for x in []), "TypeError: output: object of type generator is not a JSON value; make it a list"),
        ({"a": types.MappingProxyType({})}, "TypeError: output.a: object of type mappingproxy is not a JSON value; make it a dict"),
        ({"\ud800": len}, "TypeError: output['\\ud800']: object of type builtin_function_or_method is not a JSON value"),
        ({"a": {(1, 2): 3}}, "TypeError: output.a: a key of type tuple, where JSON has text only"),
        ({"a": {b"x": 3}}, "TypeError: output.a: a key of type bytes, where JSON has text only"),
        ({frozenset("x"): 3}, "TypeError: output: a key of type frozenset, where JSON has text only"),
        ({"a": {Pair.A: 3}}, "TypeError: output.a: a key of type Pair, where JSON has text only"),
        ([nan], "ValueError: output[0]: nan is not a JSON value; make it None"),
        (-inf, "ValueError: output: an infinity is not a JSON value; make it None"),
        ({nan: 1}, "ValueError: output[nan]: nan is not a JSON value; make it None"),
        (10**4300, "ValueError: output: an integer of more than 4300 digits"),
        ([-(10**4300)], "ValueError: output[0]: an integer of more than 4300 digits"),
        (10**9000, "ValueError: output: an integer of more than 4300 digits"),
        (nested, "ValueError: output" + "[0]" * 12 + "…" + "[0]" * 4 + ": nested more than 512 deep, or within itself"),
        (cycle, "ValueError: output" + "[0]" * 12 + "…" + "[0]" * 4 + ": nested more than 512 deep, or within itself"),
        (loop, "ValueError: output" + ".me" * 12 + "…" + ".me" * 4 + ": nested more than 512 deep, or within itself"),
    ]:
        got = raised(write, value)
        if got != want:
            wrong.append((got, want))
    assert not wrong, wrong
    return b""


def check_hostile(_):
    """Objects that do harm while they are being written: no crash, and a clear
    end."""
    import dataclasses
    import enum

    results = []

    class Raises:
        __pydantic_serializer__ = None

        def model_dump(self, mode):
            raise KeyError("mine")

    results.append((raised(write, [Raises()]), "KeyError: 'mine'"))

    class Endless:
        __pydantic_serializer__ = None

        def model_dump(self, mode):
            return Endless()

    results.append((raised(write, Endless()), "ValueError: output: nested more than 512 deep, or within itself"))

    class Grows:
        __pydantic_serializer__ = None

        def __init__(self, act):
            self.act = act

        def model_dump(self, mode):
            self.act()
            return "x" * 50

    d = {}
    d.update({"a": Grows(lambda: d.update({str(i): i for i in range(1000)})), "b": 1})
    results.append((raised(write, d), "RuntimeError: output: the dict changed size while it was read"))
    e = {"inner": {}}
    e["inner"].update(a=Grows(e.clear), b=[1, 2])
    results.append((raised(write, e), "RuntimeError: output: the dict changed size while it was read"))
    shrinking = [0]
    shrinking[:] = [Grows(shrinking.clear), 1, 2, 3]
    results.append((write(shrinking), b'["' + b"x" * 50 + b'"]'))
    growing = []
    growing.append(Grows(lambda: growing.extend(range(3)) if len(growing) < 4 else None))
    results.append((write(growing), b'["' + b"x" * 50 + b'",0,1,2]'))

    class Items(dict):
        def items(self):
            return [(1, 2, 3)]

    results.append((raised(write, Items(a=1)), "TypeError: output: items() of Items gives no pairs"))

    class Bad(dict):
        def items(self):
            raise OSError("no")

    results.append((raised(write, {"a": Bad(b=1)}), "OSError: no"))

    class Repr(int):
        def __repr__(self):
            raise OSError("repr")

    results.append((raised(write, {Repr(1): {2: object}}), "OSError: repr"))

    @dataclasses.dataclass
    class Gone:
        x: int

    gone = Gone(1)
    del gone.x
    results.append((raised(write, gone), "AttributeError: 'Gone' object has no attribute 'x'"))
    assert all(got == want for got, want in results), results
    return b""


def check_small_stack(_):
    """A thread with hardly any stack gets an error, not a crash."""
    import threading

    results = []

    def work():
        nested = 1
        for i in range(512):
            nested = [nested] if i % 2 else {"a": nested}
        results.append(raised(write, nested))
        results.append(raised(read, b"[" * 512 + b"]" * 512))

    threading.stack_size(96 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(0)
    assert len(results) == 2, results
    for got in results:
        assert got is None or got.startswith("RecursionError"), results
    return str(results).encode()


def check_headers(_):
    value = {"é": "ü", "headers": Headers(A="1"), "list": [Headers(), {"x": Headers(b={})}], "n": {}}
    text, offsets = dump(value)
    assert [text[i : i + 1] for i in offsets] == [b"{"] * 3, (text, offsets)
    again = read(text, False, offsets)
    assert again == value
    assert type(again) is dict and type(again["headers"]) is Headers and type(again["n"]) is dict
    assert type(again["list"][0]) is Headers and type(again["list"][1]["x"]) is Headers
    assert type(again["list"][1]["x"]["b"]) is dict
    # Offsets that fit nothing are passed over.
    assert type(read(text, False, (0, 3, offsets[1]))) is Headers
    assert type(read(text, False, (1, 2, offsets[0], 9999))["headers"]) is Headers

    request = b'{"headers": {"X": "1"}, "body": {"headers": {}}}'
    value = read(request, True)
    assert type(value["headers"]) is Headers and type(value["body"]["headers"]) is dict
    assert type(read(request)["headers"]) is dict
    for other in (b"[]", b"{}", b'{"headers": 1}', b'"headers"'):
        assert read(other, True) == json.loads(other)

    class Refuses(dict):
        def __init__(self, *args):
            raise OSError("no")

    set_hooks(HOOKS[0], Refuses)
    assert raised(read, request, True) == "OSError: no"
    assert raised(read, text, False, offsets) == "OSError: no"
    set_hooks(HOOKS[0], Headers)
    return b""


def leak_round(data):
    """One of everything, failures included. The caller watches what grows."""
    for value, _ in CONVERSIONS:
        write(value)
    for text in LEAK_TEXTS:
        try:
            read(text, True, (0, 1))
        except ValueError:
            pass
    for value in LEAK_VALUES:
        try:
            write(value)
        except (TypeError, ValueError):
            pass
    return b""


LEAK_TEXTS = [b'{"headers":{"a":1}}', b'{"a":[1,2,{"b":"\\u00e9\\ud83d\\ude00"}],"c":' + b"9" * 4000 + b"}", b'[1,[2,[3,{"a":4,']
LEAK_TEXTS += [b'["' + b"x" * 300 + b'",1.5e300,1e999]', b'{"a":1,"a":{"b":[1]},"a":2 x', b"[" * 600, b"[" + b"[1]," * 100, b'["\xff"]']
LEAK_TEXTS += [b'{"key%d":{"a":[%d]}}' % (i, i) for i in range(50)]
LEAK_VALUES = [{"a": [1, {"b": object()}]}, [float("nan")], {(1,): 1}, 10**5000, ["x" * 5000, object()], [Headers(a=object())]]


def check_leaks(data):
    """Counts references and allocated blocks round many rounds of leak_round."""
    import gc

    global CONVERSIONS
    CONVERSIONS = conversions()
    rounds = int(data)
    for _ in range(20):
        leak_round(b"")
    gc.collect()
    watched = [None, "headers", Headers, LEAK_VALUES, dict]
    before = sys.getallocatedblocks(), sys.gettotalrefcount() if hasattr(sys, "gettotalrefcount") else 0
    counts = [sys.getrefcount(w) for w in watched]
    for _ in range(rounds):
        leak_round(b"")
    gc.collect()
    grown = sys.getallocatedblocks() - before[0]
    after = [sys.getrefcount(w) for w in watched]
    assert grown < rounds // 2 + 50, f"{grown} blocks more after {rounds} rounds"
    assert all(abs(a - b) < 10 for a, b in zip(after, counts)), (counts, after)
    return str(grown).encode()


def check_digit_limit(_):
    """A function's own limit of digits has no say here."""
    sys.set_int_max_str_digits(640)
    try:
        big = 10**4299 + 7
        text = write(big)
        assert len(text) == 4300 and read(text) == big and read(b"-" + text) == -big
    finally:
        sys.set_int_max_str_digits(0)
    return b""


def bench(data):
    """Times four directions on one JSON text: ns of
    processor time per call, the best of several."""
    from time import thread_time_ns

    text = data.decode()
    value = json.loads(text)
    loops = max(1, 2_000_000 // (len(data) + 200))
    subjects = [
        lambda: load(data, False, ()),
        lambda: json.loads(text),
        lambda: dump(value),
        lambda: json.dumps(value),
    ]
    best = [float("inf")] * len(subjects)
    for _ in range(7):  # in turns, so that a busy machine is busy for all
        for i, subject in enumerate(subjects):
            start = thread_time_ns()
            for _ in range(loops):
                subject()
            best[i] = min(best[i], (thread_time_ns() - start) / loops)
    return json.dumps(best).encode()
