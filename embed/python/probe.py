"""Imports modules to check whether they work in an interpreter like this one.
It follows the parts of the runtime, in an interpreter that serves only this
purpose.
"""

# Error messages of extension modules that support one interpreter only:
# CPython's own refusal, PyO3's, Cython's.
_refusals = ("does not support loading in subinterpreters", "do not yet support subinterpreters",
             "support subinterpreters", "one interpreter per process", "Interpreter change detected",
             # CPython initialises a module of the old kind in the main interpreter first,
             # where the packages of the subtenant are not: it would be refused after that.
             "failed to import from subinterpreter")


def probe_module(name):
    """Imports a module (its name as bytes), and returns the outcome as JSON."""
    import importlib
    import json

    try:
        importlib.import_module(name.decode())
    except BaseException as error:  # any exception is an outcome
        refusal = _refusal(error)
        return json.dumps({
            "type": type(error).__name__,
            "message": (refusal or _text(error))[:2000],
            "refuses": refusal is not None,
        }).encode()
    return b"{}"


def _refusal(error):
    """Returns the text of a refusal in a chain of exceptions, or None."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        text = _text(error)
        for line in text.splitlines() if isinstance(error, ImportError) else ():
            if any(refusal in line for refusal in _refusals):
                return line.strip()
        error = error.__cause__ or error.__context__
    return None


def _text(error):
    try:
        return str(error)
    except BaseException:
        return "an exception that can't be shown"
