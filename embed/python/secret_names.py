"""Which secrets a source reads by a name that stands in it. It is run after
imports.py, in the same namespace.
"""

import _ast


def secret_names(tree, source):
    """Returns the sorted names that the source gives to maestro.secret as they
    are, under each name that it imports the module or the function by. Names
    that only a run can tell are not among them.
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
    names, pending = set(), [tree]
    while pending:
        node = pending.pop()
        if type(node) is _ast.Call and _is_secret(node.func, modules, functions):
            given = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "name"), None)
            if type(given) is _ast.Constant and type(given.value) is str:
                names.add(given.value)
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
