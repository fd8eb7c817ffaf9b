"""Which secrets a source reads. It is run after imports.py, in the same
namespace.
"""

import _ast

# Stands for "any secret": the source computes names that only a run can tell.
ANY_SECRET = "*"


def secret_names(tree, source):
    """Returns the sorted names that the source gives to maestro.secret as they
    are, under each name that it imports the module or the function by. ANY_SECRET
    is among them if it also gives it something else, or hands the function on.
    """
    if "secret" not in source:
        return []
    modules, functions = set(), set()
    for module, node in find_imports(tree):  # noqa: F821 (imports.py)
        if module != "maestro":
            continue
        for alias in node.names:
            if type(node) is _ast.Import and alias.name == "maestro":
                modules.add(alias.asname or "maestro")
            elif type(node) is _ast.ImportFrom and alias.name in ("secret", "*"):
                functions.add(alias.asname or "secret")
    if not modules and not functions:
        return []
    names, called, pending = set(), set(), [tree]
    while pending:
        node = pending.pop()
        if type(node) is _ast.Call and _is_secret(node.func, modules, functions):
            called.add(node.func)  # a node is visited after the call that it is in
            given = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg in ("name", None)), None)
            if type(given) is not _ast.Constant:
                names |= {ANY_SECRET} if given else set()
            elif type(given.value) is str:
                names.add(given.value)
        elif node not in called and _is_secret(node, modules, functions) and type(node.ctx) is _ast.Load:
            names.add(ANY_SECRET)
        for field in node._fields:
            child = getattr(node, field, None)
            if isinstance(child, _ast.AST):
                pending.append(child)
            elif type(child) is list:
                pending += [item for item in child if isinstance(item, _ast.AST)]
    return sorted(names)


def _is_secret(called, modules, functions):
    if type(called) is _ast.Name:
        return called.id in functions
    return type(called) is _ast.Attribute and called.attr == "secret" and type(called.value) is _ast.Name and called.value.id in modules
