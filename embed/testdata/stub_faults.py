"""Compares the stub of the module maestro with the module itself, and returns what differs."""

import ast
import inspect

import maestro


def parameters(arguments):
    """The parameters of a def in the stub, as a signature without types."""
    return ast.unparse(ast.arguments(
        [ast.arg(a.arg) for a in arguments.posonlyargs], [ast.arg(a.arg) for a in arguments.args],
        arguments.vararg and ast.arg(arguments.vararg.arg), [ast.arg(a.arg) for a in arguments.kwonlyargs],
        arguments.kw_defaults, arguments.kwarg and ast.arg(arguments.kwarg.arg), arguments.defaults,
    ))  # fmt: skip


def same(name, node, value, faults):
    said = str(inspect.signature(value).replace(return_annotation=inspect.Signature.empty))[1:-1]
    if said.replace("=", "").replace(" ", "") != parameters(node.args).replace("=", "").replace(" ", ""):
        faults.append(f"{name}: the module has ({said}), the stub ({parameters(node.args)})")
    documents(name, node, value, faults)


def documents(name, node, value, faults):
    if ast.get_docstring(node) is not None and ast.get_docstring(node) != inspect.getdoc(value):
        faults.append(f"{name}: the docstrings differ")


def members(name, node, cls, faults):
    documents(name, node, cls, faults)
    declared = {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}
    defined = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    slots = {slot for slot in getattr(cls, "__slots__", ()) if not slot.startswith("_")}
    if slots and declared != slots:
        faults.append(f"{name}: the module has {sorted(slots)}, the stub {sorted(declared)}")
    if name == "Context" and declared != set(maestro.context()):
        faults.append(f"{name}: the module has {sorted(maestro.context())}, the stub {sorted(declared)}")
    for method, part in defined.items():
        same(f"{name}.{method}", part, getattr(cls, method), faults)
    public = {m for m, value in vars(cls).items() if inspect.isfunction(value) and not m.startswith("_")}
    inherited = {m for base in cls.__mro__[1:] for m in vars(base)}
    if missing := public - inherited - set(defined):
        faults.append(f"{name}: the stub lacks {sorted(missing)}")


def stub_faults(input):
    faults = []
    nodes = {}
    for node in ast.parse(input).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            nodes[node.name] = node
        elif isinstance(node, ast.AnnAssign):
            nodes[node.target.id] = node
        elif isinstance(node, ast.Assign):
            nodes[node.targets[0].id] = node
    listed = ast.literal_eval(nodes.pop("__all__").value)
    if listed != maestro.__all__:
        faults.append(f"__all__: the module has {maestro.__all__}, the stub {listed}")
    if {name for name in nodes if not name.startswith("_")} != set(maestro.__all__):
        faults.append(f"the stub defines {sorted(nodes)}")
    for name in maestro.__all__:
        node, value = nodes.get(name), getattr(maestro, name)
        if isinstance(node, ast.ClassDef):
            members(name, node, value, faults)
        elif isinstance(node, ast.FunctionDef):
            same(name, node, value, faults)
    members("_Log", nodes["_Log"], type(maestro.log), faults)
    return faults
