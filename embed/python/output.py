"""What functions print and log, line by line to the server."""

import io
import sys

import _maestro


class _Bytes(io.RawIOBase):
    """sys.stdout.buffer: bytes are taken for UTF-8."""

    def __init__(self, text):
        self._text = text

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self._text.write(data.decode("utf-8", "replace"))
        return len(data)


class _Output(io.TextIOBase):
    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True
    mode = "w"

    def __init__(self, name, write):
        self.name = name
        self.write = write  # a builtin: print() then costs no Python frame

    def fileno(self):
        return 1 if self.name == "<stdout>" else 2  # for child processes: theirs then is the call's as well

    def writable(self):
        return True

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    @property
    def buffer(self):
        return _Bytes(self)


sys.stdout = sys.__stdout__ = _Output("<stdout>", _maestro.write_out)
sys.stderr = sys.__stderr__ = _Output("<stderr>", _maestro.write_err)
sys.stdin = sys.__stdin__ = io.StringIO("")  # input() meets its end


class _LoggingFinder:
    """Readies logging when it is first imported: most functions never do."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(cls)
        from importlib.util import find_spec

        spec = find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _ready_logging(module)

        spec.loader.exec_module = exec_module
        return spec


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
        # that makes a wish for a level vanish.
        if logging.root.handlers == [handler] and not options.get("force"):
            if options.get("level") is not None:
                logging.root.setLevel(options["level"])
        else:
            basic_config(**options)

    logging.basicConfig = basicConfig


sys.meta_path.insert(0, _LoggingFinder)
