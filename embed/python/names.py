"""The unresolved references of a source: names that it binds nowhere, and
modules that it imports. It is run after transform.py, in the same namespace.

The names are read from the compiled code, so that the compiler itself decides
which are global, mangled, lazy or a comprehension's. The source is not run.
"""

import _ast
import _symtable
import sys
import warnings

_MOST_WARNINGS = 100
_MOST_SUGGESTIONS = 20  # each is compared with every name that there is
_SIMILAR = 0.7  # of difflib's ratio
_CONVENIENT = frozenset(("json", "uuid", "datetime"))  # there without an import (load.py)
_GUARDS_NAMES = frozenset(("NameError", "Exception", "BaseException"))
_GUARDS_IMPORTS = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))


def inspect_source(name, source, siblings):
    """Reads a source that compiles. siblings are the functions that can be called.

    Returns a dict: "uses", the sorted names that it uses and binds nowhere,
    real builtins aside, those that it gives to maestro.call and spawn, and the
    functions whose modules it imports; "imports", the sorted names of the other
    modules that it imports, those of the standard library aside; "secrets", those
    that it reads, "*" for names that it computes; "unknown", where it imports without
    being prepared for a failure: a list of {"module", "line", "column"};
    "warnings", a list of {"line", "column", "message", "suggestion"} of Python's
    own warnings and of names that it uses and that are undefined; column and
    suggestion may be missing.
    """
    source = source.removeprefix("\ufeff")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tree = _parse(source, name)
            code = _compile(tree, name, source)
        except TransformError:
            return {"uses": [], "imports": [], "secrets": [], "unknown": [], "warnings": []}
        told = len(caught)
        bound = survey(_symtable.symtable(source, name, "exec"))[0]
    found = [{"line": warning.lineno, "message": str(warning.message)} for warning in caught[:told]]
    places = [(used, *place) for used, place in _free_names(code, bound)]
    uses = {used for used, *_ in places}
    known = set(siblings)
    if not _imports_all(tree) and not _writes_globals(source):
        lines = _lines(source)
        guarded = _guarded_lines(tree, _GUARDS_NAMES)
        missing = [place for place in places if place[0] not in known and place[0] not in _CONVENIENT and place[1] not in guarded]
        missing = sorted(set(missing), key=lambda place: place[1:])[:_MOST_WARNINGS]
        found += _missing_warnings(missing, lines, siblings, bound)
    found += _relative_warnings(tree, source)
    unknown = _unknown_imports(tree, source)
    imports = imported_modules(tree, source)  # noqa: F821 (imports.py)
    functions = {module.partition(".")[2] for module in imports} - {""}
    return {
        "uses": sorted(uses | functions | _named_calls(source)),
        "imports": [module for module in imports if "." not in module and module not in sys.stdlib_module_names],
        "secrets": secret_names(tree, source),  # noqa: F821 (secret_names.py)
        "unknown": unknown[:_MOST_WARNINGS],
        "warnings": found[:_MOST_WARNINGS],
    }


def _free_names(code, bound):
    """Yields (name, (line, byte offset)) for each load of a name that the
    source binds nowhere and Python does not know.
    """
    import opcode

    of_globals = opcode.opmap["LOAD_GLOBAL"]
    loads = frozenset((of_globals, opcode.opmap["LOAD_NAME"], opcode.opmap["LOAD_FROM_DICT_OR_GLOBALS"]))
    store, extended = opcode.opmap["STORE_NAME"], opcode.opmap["EXTENDED_ARG"]
    module = code
    pending = [(code, frozenset())]
    while pending:
        code, local = pending.pop()
        names, found, stored, high = code.co_names, [], set(), 0
        text = code.co_code
        for at in range(0, len(text), 2):
            operation, argument = text[at], text[at + 1] | high
            high = argument << 8 if operation == extended else 0
            if operation in loads:
                found.append((names[argument >> 1 if operation == of_globals else argument], at // 2))
            elif operation == store:
                stored.add(names[argument])
        if code is not module:
            local |= stored  # of a class: its body and its annotations see them
        found = [(name, at) for name, at in found if name not in bound and name not in local and name not in _BUILTINS and _may_be_sibling(name)]
        if found:
            places = list(code.co_positions())
            for name, at in found:
                line, _, column, _ = places[at]
                yield name, (line or 0, column or 0)
        pending += [(constant, local) for constant in code.co_consts if type(constant) is type(code)]


def _missing_warnings(missing, lines, siblings, bound):
    suggestions, found = {}, []
    for name, line, offset in missing:
        if name not in suggestions:
            many = len(suggestions) >= _MOST_SUGGESTIONS
            suggestions[name] = None if many else _similar(name, siblings) or _similar(name, bound | _BUILTINS)
        message = f"name '{name}' is not defined, and no function has that name"
        warning = {"line": line, "column": _column_of(lines, line, offset), "message": message}
        if suggestions[name]:
            warning["message"] += f"; did you mean '{suggestions[name]}'?"
            warning["suggestion"] = suggestions[name]
        found.append(warning)
    return found


def _similar(name, names):
    import difflib

    return next(iter(difflib.get_close_matches(name, names, 1, _SIMILAR)), None)


def _column_of(lines, line, offset):
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return len(text.encode(errors="replace")[:offset].decode(errors="replace")) + 1


def _imports_all(tree):
    return any(node.names[0].name == "*" for _, node in find_imports(tree))  # noqa: F821 (imports.py)


def _writes_globals(source):
    """Whether names may come about that no statement binds."""
    if "globals()" not in source and "exec(" not in source:
        return False
    import re

    return re.search(r"\bexec\(|\bglobals\(\)\s*(\[|\.\s*(update|setdefault)|\|=)", source) is not None


def _unknown_imports(tree, source):
    guarded = _guarded_lines(tree, _GUARDS_IMPORTS)
    lines = _lines(source)
    unknown = []
    for module, node in find_imports(tree):  # noqa: F821 (imports.py)
        if module and module not in sys.stdlib_module_names and module not in ("maestro", "__main__") and node.lineno not in guarded:
            unknown.append({"module": module, "line": node.lineno, "column": _column_of(lines, node.lineno, node.col_offset)})
    return sorted(unknown, key=lambda place: place["line"])


def _relative_warnings(tree, source):
    guarded = _guarded_lines(tree, _GUARDS_IMPORTS)
    lines = _lines(source)
    message = "functions and stored modules are in no package: import a stored module by its name alone, and call a function without an import"
    return [
        {"line": node.lineno, "column": _column_of(lines, node.lineno, node.col_offset), "message": message}
        for module, node in find_imports(tree)  # noqa: F821 (imports.py)
        if module is None and node.lineno not in guarded
    ]


class _Lines:
    """Line numbers, as ranges."""

    def __init__(self):
        self.ranges = []

    def add(self, nodes):
        if nodes:
            self.ranges.append(range(nodes[0].lineno, nodes[-1].end_lineno + 1))

    def __contains__(self, line):
        return any(line in lines for lines in self.ranges)


def _guarded_lines(tree, exceptions):
    """The lines whose failure with one of those exceptions is provided for, and
    those for type checkers alone.
    """
    guarded = _Lines()
    pending = [tree]
    while pending:
        node = pending.pop()
        if type(node) in (_ast.Try, _ast.TryStar) and any(_catches(handler, exceptions) for handler in node.handlers):
            guarded.add(node.body)
        elif type(node) is _ast.If and "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", "")):
            guarded.add(node.body)
        elif type(node) in (_ast.With, _ast.AsyncWith) and any(_suppresses(item.context_expr, exceptions) for item in node.items):
            guarded.add(node.body)
        for field in _STATEMENTS:  # noqa: F821 (imports.py)
            children = getattr(node, field, None)
            if type(children) is list:
                pending += children
    return guarded


def _catches(handler, exceptions):
    kinds = getattr(handler.type, "elts", None) or [handler.type]
    return any(kind is None or getattr(kind, "id", None) in exceptions for kind in kinds)


def _suppresses(expression, exceptions):
    if type(expression) is not _ast.Call or "suppress" not in (getattr(expression.func, "id", ""), getattr(expression.func, "attr", "")):
        return False
    return any(getattr(kind, "id", None) in exceptions for kind in expression.args)


def _named_calls(source):
    """The names that are given to maestro.call and maestro.spawn as they are."""
    if "maestro" not in source:
        return set()
    import re

    pattern = r"""\bmaestro\s*\.\s*(?:call|spawn)\s*\(\s*(["'])([^\W\d]\w*)\1"""
    return {match[2] for match in re.finditer(pattern, source)}
