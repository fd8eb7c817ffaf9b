"""Which modules a source imports. It is run before transform.py, in the same
namespace.
"""

import _ast

# Stands for "any module": the source imports by names that only a run can tell.
ANY_MODULE = "*"
_BY_NAME = ("import_module", "__import__", "exec(")
# Where statements stand; expressions hold no import.
_STATEMENTS = ("body", "handlers", "cases", "orelse", "finalbody")


def find_imports(tree):
    """Yields (module, node) for each import, of functions too. Of a.b the module
    is a; of a relative import it is None.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        if type(node) is _ast.Import:
            for alias in node.names:
                yield alias.name.partition(".")[0], node
        elif type(node) is _ast.ImportFrom:
            yield None if node.level else node.module.partition(".")[0], node
        else:
            for field in _STATEMENTS:
                children = getattr(node, field, None)
                if type(children) is list:
                    pending += children


def imported_modules(tree, source):
    """Returns the sorted names of the modules that the source imports."""
    names = set()
    if "import" in source:
        names.update(module for module, _ in find_imports(tree) if module)
    if any(way in source for way in _BY_NAME):
        names.add(ANY_MODULE)
    return sorted(names)
