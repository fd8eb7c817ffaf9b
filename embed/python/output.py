"""The printed and logged output of functions, line by line to the server.

sys.stdout is a value of each call (cpython/output.h): an object that a call
assigns to it is visible to that call only, flushed when it ends, and discarded.
"""

import io
import sys
from _weakref import ref as _weak

import _maestro


_taken = set()  # weak references to buffers that are in use since the last settle_buffers


def settle_buffers():
    """Lets nothing wait in an io.TextIOWrapper that a module keeps for itself: what
    one call has written would come out in another one.
    """
    import gc

    buffers = [buffer for taken in list(_taken) if (buffer := taken()) is not None]
    _taken.clear()
    for holder in gc.get_referrers(*buffers) if buffers else ():
        settle_output(holder)


def settle_output(stream):
    """Does the same for one stream, which a call is about to make its sys.stdout."""
    if isinstance(stream, io.TextIOWrapper):
        try:
            if type(stream.buffer) is _Bytes:
                stream.reconfigure(write_through=True)  # and flushes it
        except Exception:
            pass  # detached or closed: nothing comes out of it any more


class _Bytes(io.BufferedIOBase):
    """sys.stdout.buffer: bytes are taken for UTF-8. Closing it, as the end of an
    io.TextIOWrapper does, closes nothing: other calls print as well.
    """

    closed = False
    mode = "wb"

    def __init__(self, text):
        self._text = text
        self.name = text.name

    @property
    def raw(self):
        return self

    def writable(self):
        return True

    def fileno(self):
        return self._text.fileno()

    def write(self, data):
        data = bytes(memoryview(data))  # a TypeError for text, and for numbers
        self._text.write(data.decode("utf-8", "replace"))
        return len(data)

    def close(self):
        self.flush()

    def flush(self):
        pass


class _Output(io.TextIOBase):
    closed = False
    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True
    write_through = False
    mode = "w"

    def __init__(self, name, write):
        self.name = name
        self.write = write  # a builtin: a write then costs no Python frame

    def fileno(self):
        return 1 if self.name == "<stdout>" else 2  # for child processes: theirs then is the call's as well

    def writable(self):
        return True

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def close(self):
        self.flush()

    @property
    def buffer(self):
        buffer = _Bytes(self)
        _taken.add(_weak(buffer, _taken.discard))
        return buffer

    def detach(self):
        return self.buffer

    def reconfigure(self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None):
        """Text goes to the server as text: there is nothing to set, but what no
        stream takes is refused as any stream refuses it.
        """
        "".encode(encoding or "utf-8", errors or "strict")
        if newline not in (None, "", "\n", "\r", "\r\n"):
            raise ValueError(f"illegal newline value: {newline!r}")


class _Current:
    """What stands in sys.__dict__, where print() and C code look: the stream that
    the current call has.
    """

    __slots__ = ("_own", "write")

    def __init__(self, own, write):
        self._own = own
        self.write = write  # a builtin as well

    def __getattr__(self, attribute):
        stream = getattr(sys, self._own.name[1:-1])
        return getattr(self._own if stream is self else stream, attribute)


_out = sys.__stdout__ = _Output("<stdout>", _maestro.write_out)
_err = sys.__stderr__ = _Output("<stderr>", _maestro.write_err)
sys.stdout = _Current(_out, _maestro.print_out)
sys.stderr = _Current(_err, _maestro.print_err)
_console = (_out, _err, sys.stdout, sys.stderr)
sys.stdin = sys.__stdin__ = io.StringIO("")  # input() meets its end,
sys.stdin.close = int  # also when another call has closed it
_maestro.own_outputs(_out, _err)
sys.__class__ = _maestro.Sys  # from here on sys.stdout is the call's


def _ready_logging(logging):
    levels = (
        (logging.CRITICAL, "critical"),
        (logging.ERROR, "error"),
        (logging.WARNING, "warning"),
        (logging.INFO, "info"),
    )

    class Handler(logging.Handler):
        def emit(self, record):
            try:
                level = next((name for number, name in levels if record.levelno >= number), "debug")
                fields = None if record.name == "root" else {"logger": record.name}
                _maestro.log(level, self.format(record), fields)
            except Exception:
                self.handleError(record)

    handler = Handler()
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)
    basic_config = logging.basicConfig

    def basicConfig(**options):
        # It does nothing when the root has a handler; ours shall not be the one
        # that makes a wish for a level, a file or a handler vanish.
        if logging.root.handlers != [handler] or options.get("force"):
            return basic_config(**options)
        if any(options.get(name) is not None for name in ("filename", "stream", "handlers")):
            # Made by logging itself, for a root of its own. The console's are left
            # out: ours has written the line, with its level, logger and time.
            scratch = logging.RootLogger(logging.WARNING)
            type(basic_config)(basic_config.__code__, vars(logging) | {"root": scratch})(**options)
            for made in scratch.handlers:
                if not any(getattr(made, "stream", None) is stream for stream in _console):
                    logging.root.addHandler(made)
        if options.get("level") is not None:
            logging.root.setLevel(options["level"])

    logging.basicConfig = basicConfig


when_imported("logging")(_ready_logging)  # noqa: F821 (on_import.py)
