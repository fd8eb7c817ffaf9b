"""Which modules a source imports. It is run before transform.py, in the same
namespace.
"""

import _ast

# Stands for "any module": the source imports by names that only a run can tell.
ANY_MODULE = "*"
_BY_NAME = ("import_module", "__import__", "exec(")
# The package of the functions' modules (modules.py), whose members are named in full.
_FUNCTIONS_PACKAGE = "functions"
# Where statements stand; expressions hold no import.
_STATEMENTS = ("body", "handlers", "cases", "orelse", "finalbody")


def find_imports(tree):
    """Yields (module, node) for each import, of functions too. Of a.b the module
    is a, but functions.a of functions.a.b; of a relative import it is None.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        if type(node) is _ast.Import:
            for alias in node.names:
                yield _module_of(alias.name), node
        elif type(node) is _ast.ImportFrom and (node.level or node.module != _FUNCTIONS_PACKAGE):
            yield None if node.level else _module_of(node.module), node
        elif type(node) is _ast.ImportFrom:
            for alias in node.names:
                yield _FUNCTIONS_PACKAGE if alias.name == "*" else f"{_FUNCTIONS_PACKAGE}.{alias.name}", node
        else:
            for field in _STATEMENTS:
                children = getattr(node, field, None)
                if type(children) is list:
                    pending += children


def _module_of(name):
    first, _, rest = name.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if rest and first == _FUNCTIONS_PACKAGE else first


def imported_modules(tree, source):
    """Returns the sorted names of the modules that the source imports."""
    names = set()
    if "import" in source:
        names.update(module for module, _ in find_imports(tree) if module)
        if any(name.startswith(f"{_FUNCTIONS_PACKAGE}.") for name in names):
            names.add(_FUNCTIONS_PACKAGE)  # a stored module may have that name
    if any(way in source for way in _BY_NAME):
        names.add(ANY_MODULE)
    return sorted(names)
