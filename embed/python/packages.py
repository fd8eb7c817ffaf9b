"""The folder of the subtenant's packages, on sys.path. It does not change while
the interpreter lives: other packages mean another interpreter.
"""

import posix
import sys

_KIND, _FILE = 0o170000, 0o100000  # of a mode, as in the module stat


def use_packages(folder):
    """Puts a folder (as bytes) on sys.path, and after it those of its folders
    that its .pth files name. They come last: nothing in them hides a module of
    the standard library. A folder that cannot be read is an OSError. The answer
    says nothing.
    """
    folder = folder.decode("utf-8", "surrogateescape")
    paths = [folder, *_named_by_pth_files(folder)]
    for path in paths:
        if path not in sys.path:
            sys.path.append(path)
    share_packages(paths)  # noqa: F821 (processes.py)
    return b""


def _named_by_pth_files(folder):
    """Yields the paths in the .pth files, as site.addsitedir finds them, with two
    exceptions. A line of code (`import …`) is not run: it would run outside any
    call, without a deadline. And paths outside the folder are ignored: they would
    not be the same on every server.
    """
    for name in sorted(posix.listdir(folder)):
        if name.startswith(".") or not name.endswith(".pth"):
            continue
        path = f"{folder}/{name}"
        try:
            if posix.stat(path).st_mode & _KIND != _FILE:
                continue  # a folder; or a pipe without a writer
            file = open(path, "rb")
        except OSError:
            continue  # site.addsitedir does the same
        with file:
            text = file.read().removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith(("#", "import ", "import\t")):
                continue
            path = _within(folder, line)
            if path:
                yield path


def _within(folder, line):
    """Returns the folder that a line names, or None."""
    from os.path import isdir, join, normpath  # costs something, and hardly any package needs it

    path = normpath(join(folder, line)) if "\0" not in line else ""
    return path if path.startswith(normpath(folder) + "/") and isdir(path) else None
