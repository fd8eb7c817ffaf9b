# sys.stdout is the call's own: replaced, wrapped and closed in one call, it is as
# it was in the next.
import contextlib
import io
import logging
import sys

handler = logging.StreamHandler(sys.stdout)
log = logging.getLogger("own")
log.propagate = False
log.addHandler(handler)
kept = sys.stdout


def main(input):
    print("begins")
    was = sys.stdout
    result = globals()[input]()
    log.warning("logged by a handler of the module")
    return [result, kept is was, was is sys.__stdout__]


def rewrapped():
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
    print("through the wrapper")
    clean("through the wrapper, in a step")
    return sys.stdout.encoding


def detached():
    sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8", line_buffering=True)
    print("detached é")
    sys.stdout.write("no line feed")


def reconfigured():
    sys.stdout.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    wrong = []
    for options in ({"encoding": "no such"}, {"newline": "x"}):
        try:
            sys.stdout.reconfigure(**options)
        except (LookupError, ValueError) as error:
            wrong.append(type(error).__name__)
    return wrong


def redirected():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        print("into the text", flush=True)
        print("into the other", file=sys.stderr)
        print("not redirected", file=kept)
        inner = io.StringIO()
        with contextlib.redirect_stdout(inner):
            print("inner")
            clean("in a sibling")
        print("back", sys.stdout is out)
    return [out.getvalue(), err.getvalue(), inner.getvalue()]


def left_redirected():
    sys.stdout = sys.stderr = io.StringIO()
    print("read by no one")
    return [sys.stdout is sys.stderr, type(sys.stdout).__name__]


def left_without():
    sys.stdout = None
    print("nowhere")
    del sys.stderr
    print("nowhere", file=sys.stderr)


def mocked():
    from unittest import mock

    outer = io.StringIO()
    with mock.patch("sys.stdout", new_callable=io.StringIO) as out:
        print("mocked")
    print("shown")
    with contextlib.redirect_stdout(outer):
        with mock.patch.object(sys, "stdout", io.StringIO()), mock.patch("sys.stderr", None):
            print("lost")
            with mock.patch("sys.stdout", outer):
                print("outer again")
        print("outer", sys.stderr is sys.__stderr__)
    return [out.getvalue(), outer.getvalue()]


def flushed_at_the_end():
    class Buffered:
        def __init__(self, stream):
            self.stream, self.texts = stream, []

        def write(self, text):
            self.texts.append(text)

        def flush(self):
            self.stream.write("flushed: " + "".join(self.texts))

    sys.stdout = Buffered(sys.stdout)
    print("written before")
    for _ in range(3):
        sys.stdout = io.StringIO()
    return type(sys.stdout).__name__


class Tee:
    def __init__(self, *streams):
        self.streams = streams

    def write(self, text):
        for stream in self.streams:
            stream.write(text)


def teed():
    text = io.StringIO()
    sys.stdout = Tee(sys.stdout, text)
    print("to both")
    return text.getvalue()


def closed():
    sys.stdout.close()
    with sys.stdout:
        print("open all the same")
    sys.stdin.close()
    try:
        input()
    except EOFError as error:
        return type(error).__name__


def broken():
    class Broken:
        def write(self, text):
            raise OSError("disk full")

        flush = None

    sys.stdout = Broken()
    try:
        print("x")
    except OSError as error:
        return str(error)


def shown():
    out = sys.stdout
    features = [out.isatty(), out.encoding, out.errors, out.closed, out.writable(), out.readable(), out.seekable()]
    features += [out.line_buffering, out.mode, out.name, out.buffer.name, out.buffer.closed, out.buffer.raw.writable()]
    features += [isinstance(out, io.TextIOBase), isinstance(out.buffer, io.BufferedIOBase), out.buffer.write(b"bytes\n")]
    for attempt in (out.fileno, out.read, out.tell, lambda: out.buffer.write("x"), lambda: out.buffer.write(3), out.buffer.fileno):
        try:
            attempt()
        except (OSError, TypeError) as error:
            features.append(type(error).__name__)
    return features


def as_a_module():
    import types

    return [
        isinstance(sys, types.ModuleType),
        isinstance(types, type(sys)),
        issubclass(types.ModuleType, type(sys)),
        type(type(sys)("made")) is types.ModuleType,
        type("Lazy", (type(sys),), {})("lazy").__name__,
        hasattr(sys, "no_such"),
        getattr(sys, "stdout") is vars(sys).get("stdout"),
        sys.maxsize > 1,
    ]
