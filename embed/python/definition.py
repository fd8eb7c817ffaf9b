"""Finds the def that a stored function must have, or says what stands in its
place. It is run before transform.py, in the same namespace.
"""

import _ast

_FUNCTIONS = (_ast.FunctionDef, _ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, _ast.ClassDef)


def find_definition(name, tree):
    """Returns the top-level def of that name, the last one if there are
    several. A later assignment to the name is the author's business: what it
    is bound to after the module ran is what gets called."""
    found = None
    for node in tree.body:
        if isinstance(node, _DEFINITIONS) and node.name == name:
            found = node
    if isinstance(found, _FUNCTIONS):
        _check_parameters(found)
        return found
    if found is not None:
        raise _no_such_def(f'"{name}" is a class; a function is needed: def {name}(input): …', found)
    raise _missing_definition(name, tree)


def is_generator(node, source):
    """Whether the def yields, by itself and not only in a function within it."""
    pending = list(node.body) if "yield" in source else []
    while pending:
        node = pending.pop()
        if isinstance(node, (_ast.Yield, _ast.YieldFrom)):
            return True
        inner = isinstance(node, (*_DEFINITIONS, _ast.Lambda))
        for field in node._fields:
            if inner and field == "body":
                continue
            child = getattr(node, field, None)
            if isinstance(child, _ast.AST):
                pending.append(child)
            elif type(child) is list:
                pending += [item for item in child if isinstance(item, _ast.AST)]
    return False


def _check_parameters(node):
    arguments = node.args
    positional = arguments.posonlyargs + arguments.args
    required = len(positional) - len(arguments.defaults)
    header = f'"{"async " * (type(node) is _ast.AsyncFunctionDef)}def {node.name}"'
    if not positional:
        raise _no_such_def(f"{header} takes no positional parameter; it needs one, the input: def {node.name}(input): …", node)
    if required == 0:
        first = positional[0].arg
        raise _no_such_def(f'{header} requires no parameter; its first one is the input: take the default away from "{first}"', node)
    if required > 1:
        names = ", ".join(p.arg for p in positional[:required])
        raise _no_such_def(
            f"{header} requires {required} positional parameters ({names}); "
            "exactly one is given, the input: take the others from it, or give them defaults",
            node,
        )
    for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        if default is None:
            raise _no_such_def(
                f'{header} requires the keyword-only parameter "{parameter.arg}"; only the input is given: give it a default',
                node,
            )


def _missing_definition(name, tree):
    """Says what stands where the def should be."""
    advice = f"write def {name}(input): … at the top level"
    for node, outer in _nested_definitions(tree):
        if node.name == name and isinstance(node, _FUNCTIONS):
            return _no_such_def(f'"def {name}" on line {node.lineno} stands inside {outer}; move it to the top level', node)
    for node in tree.body:
        if isinstance(node, (_ast.Assign, _ast.AnnAssign)):
            targets = node.targets if isinstance(node, _ast.Assign) else [node.target]
            if any(isinstance(t, _ast.Name) and t.id == name for t in targets):
                return _no_such_def(f'"{name}" is assigned, not defined with def; {advice}', node)
        elif isinstance(node, (_ast.Import, _ast.ImportFrom)):
            if any((a.asname or a.name.partition(".")[0]) == name for a in node.names):
                return _no_such_def(f'"{name}" is imported, not defined with def; {advice}', node)
    others = list(dict.fromkeys(node.name for node in tree.body if isinstance(node, _FUNCTIONS)))
    if not others:
        return _no_such_def(f'there is no "def {name}"; {advice}')
    listed = ", ".join(others[:10]) + (", …" if len(others) > 10 else "")
    return _no_such_def(f'there is no "def {name}" at the top level, only {listed}; rename one of them, or the function')


def _nested_definitions(tree):
    """Yields the defs and classes below the top level, and what they are in."""
    pending = [(node, None) for node in reversed(tree.body)]
    while pending:
        node, outer = pending.pop()
        if isinstance(node, _DEFINITIONS):
            if outer:
                yield node, outer
            outer = f"{'class' if isinstance(node, _ast.ClassDef) else 'def'} {node.name} on line {node.lineno}"
        elif outer is None:
            word = type(node).__name__.removeprefix("Async").removesuffix("Star").lower()
            outer = f"the {word} on line {node.lineno}"
        for field in ("body", "handlers", "cases", "orelse", "finalbody"):
            children = getattr(node, field, None)
            if type(children) is list:
                pending += [(child, outer) for child in reversed(children)]


def _no_such_def(message, node=None):
    if node is None:
        return TransformError("no_such_def", message)
    return TransformError("no_such_def", message, node.lineno, 1)
