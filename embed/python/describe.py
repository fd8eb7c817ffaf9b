"""Exceptions as text, for the record of a call, and exceptions made for it.

A description is bounded: a failing call describes the same exception once at
each level that it passes, so the cost of one must not grow with the depth.
"""

import linecache

_TEXT_LIMIT = 100_000  # characters of a message
_FIRST, _LAST = 8, 24  # frames shown of a long traceback
_CLASS_LIMIT = 32  # classes named, the exception's own first
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_CHAIN_LIMIT = 4  # causes, contexts and members of groups, each

_class_names = {}  # class -> text, of the interpreter's own classes, which are there for good
_entries = {}  # (code, line) -> text of a traceback entry


def describe(exception):
    """Returns the class's name, str(exception), and the traceback."""
    message = _message(exception)
    if type(exception) is SystemExit and not isinstance(exception.code, str):
        # A number means nothing to the caller of a function.
        code = "" if exception.code is None else message
        message = f"The function called exit({code}). Return a value instead, or raise an exception that says what failed."
    return type(exception).__name__, message, "\n".join(_report(exception, set()))


def class_names(exception):
    """Returns the names of the exception's class and its bases, one a line."""
    cls = type(exception)
    text = _class_names.get(cls)
    if text is None:
        names = []
        for base in cls.__mro__[:_CLASS_LIMIT]:
            if base is not object:
                names += base.__name__, f"{base.__module__}.{base.__qualname__}"
        text = "\n".join(names)
        if not cls.__flags__ & _HEAP_TYPE:
            _class_names[cls] = text
    return text


def _message(exception):
    try:
        text = str(exception)
    except Exception:
        return "<its text could not be made>"
    if len(text) > _TEXT_LIMIT:
        text = f"{text[:_TEXT_LIMIT]}… ({len(text)} characters)"
    return text


def _report(exception, seen):
    seen.add(id(exception))
    lines = []
    cause, context = exception.__cause__, exception.__context__
    earlier = cause or (None if exception.__suppress_context__ else context)
    if earlier is not None and id(earlier) not in seen and len(seen) <= _CHAIN_LIMIT:
        lines += _report(earlier, seen)
        lines.append("")
        lines.append(
            "The above exception was the direct cause of the following exception:"
            if cause
            else "During handling of the above exception, another exception occurred:"
        )
        lines.append("")
    entries = _traceback(exception.__traceback__)
    if entries:
        lines.append("Traceback (most recent call last):")
        lines += entries
    message = _message(exception)
    name = type(exception).__qualname__
    if type(exception).__module__ not in ("builtins", "__main__", "maestro"):
        name = f"{type(exception).__module__}.{name}"
    lines.append(f"{name}: {message}" if message else name)
    lines += [str(note) for note in getattr(exception, "__notes__", ())]
    if isinstance(exception, BaseExceptionGroup):
        for member in exception.exceptions[:_CHAIN_LIMIT]:
            if id(member) not in seen:
                lines += ["  | " + line for line in _report(member, {*seen})]
    return lines


def _traceback(traceback):
    """The entries of the author's own frames."""
    first, last, count = [], [], 0
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename in _sources:  # noqa: F821 (modules.py)
            count += 1
            if count <= _FIRST:
                first.append((code, traceback.tb_lineno))
            else:
                last.append((code, traceback.tb_lineno))
                if len(last) > 4 * _LAST:
                    del last[:-_LAST]
        traceback = traceback.tb_next
    del last[:-_LAST]
    lines = [_entry(*place) for place in first]
    if count > _FIRST + len(last):
        lines.append(f"  … {count - _FIRST - len(last)} more …")
    return lines + [_entry(*place) for place in last]


def _entry(code, line):
    text = _entries.get((code, line))
    if text is None:
        text = f'  File "{code.co_filename}", line {line}, in {code.co_name}'
        source = linecache.getline(code.co_filename, line).strip()
        if source:
            text += f"\n    {source}"
        if len(_entries) >= 1000:
            _entries.clear()
        _entries[code, line] = text
    return text


def _ready_traceback(traceback):
    """Puts the carets under an undefined name alone, as Python does. Where a name
    is a sibling's or not defined shows in the call of it, which spans the
    arguments as well.
    """
    made = traceback.TracebackException
    initialise = made.__init__

    def __init__(self, exc_type, exc_value, exc_traceback, **options):
        initialise(self, exc_type, exc_value, exc_traceback, **options)
        try:
            if isinstance(exc_value, NameError) and self.stack:
                _narrow(self.stack[-1], exc_value.name)
        except Exception:
            pass  # a traceback with wide carets is better than none

    __init__.__wrapped__ = initialise
    made.__init__ = __init__


def _narrow(entry, name):
    if entry.filename not in _sources or not name or entry.colno is None:  # noqa: F821 (modules.py)
        return
    # colno counts UTF-8 bytes in 3.14, as code objects do.
    line = linecache.getline(entry.filename, entry.lineno).encode()[entry.colno :]
    rest = line.removeprefix(name.encode())
    if rest is not line and rest.lstrip().startswith(b"("):
        entry.end_lineno, entry.end_colno = entry.lineno, entry.colno + len(name.encode())


when_imported("traceback")(_ready_traceback)  # noqa: F821 (on_import.py)


def exception(kind, message, name, problems):
    """Makes the exception for a model.RaiseKind."""
    if kind == 1:
        return NameError(message or f"name {name!r} is not defined", name=name)
    if kind == 2:
        return RecursionError(message)
    if kind in (3, 4):
        problems = _maestro.loads(problems.encode()) if problems else ()  # noqa: F821
        return (InputInvalid if kind == 3 else OutputInvalid)(message, problems)  # noqa: F821 (api.py)
    if kind == 7:
        return SecretNotFound(message, name)  # noqa: F821 (api.py)
    return RuntimeError(message)
