"""Reads the fields of TypedDicts and dataclasses, and the values of Enums, from
the syntax tree for hints.py. A value that the text alone does not determine is None.

It needs hints_names.py before it, in the same namespace.
"""
# ruff: noqa: F821

import _ast

# Bases that add no fields, and decorators that leave what they decorate as it is.
_NEUTRAL_BASES = frozenset(("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"))
_NEUTRAL_DECORATORS = frozenset((
    "functools.cache", "functools.lru_cache", "functools.total_ordering",
    "typing.final", "typing.override", "typing.runtime_checkable", "typing.deprecated", "warnings.deprecated",
    "enum.unique",
))  # fmt: skip

_CLASS_STATEMENTS = (*_DEF_NODES, _ast.AnnAssign, _ast.Assign, _ast.ClassDef, _ast.Expr, _ast.Pass)

_ENUM_BASES = {
    ("enum.Enum",): (str, int, bool),
    ("enum.StrEnum",): (str,),
    ("enum.IntEnum",): (int,),
    ("builtins.str", "enum.Enum"): (str,),
    ("builtins.int", "enum.Enum"): (int,),
}


class _Field:
    """One member of an object: the place of its hint, and its known properties."""

    def __init__(self, hint, owner, required, description, default=_UNKNOWN):
        self.hint = hint
        self.owner = owner  # the names that hide the module's own there
        self.required = required
        self.description = description
        self.default = default


def _fields_of(names, node):
    """The fields of a TypedDict or a dataclass by name, and its description;
    None for anything else, and where they can't be told from the text alone.
    """
    return _functional_fields(names, node) if type(node) is _ast.Assign else _class_fields(names, node)


def _functional_fields(names, node):
    """Reads X = TypedDict("X", {…})."""
    call = node.value
    total = {k.arg: _constant(k.value) for k in call.keywords}.get("total", True)
    if len(call.args) != 2 or type(call.args[1]) is not _ast.Dict or type(total) is not bool:
        return None
    fields = {}
    for key, hint in zip(call.args[1].keys, call.args[1].values):
        name = _constant(key) if key else _UNKNOWN
        if type(name) is not str:
            return None
        fields[name] = _Field(hint, frozenset(), _required(_qualifiers(names, hint, frozenset()), total), "")
    return fields, ""


def _class_fields(names, node):
    found = _collect_fields(names, node)
    if found is None or found[0] == "neither":
        return None
    return found[1], _docstring(node.body)


def _collect_fields(names, node):
    """("typed dict" | "dataclass" | "neither", fields by name) or None."""
    kind, fields = "neither", {}
    for base in reversed(node.bases):
        target = names.target(base.value if type(base) is _ast.Subscript else base)
        if target == "typing.TypedDict":
            kind = "typed dict"
        elif type(target) is _ast.ClassDef:
            inherited = _collect_fields(names, target)
            if inherited is None:
                return None
            kind = kind if inherited[0] == "neither" else inherited[0]
            fields.update(inherited[1])
        elif target not in _NEUTRAL_BASES:
            return None
    keywords = {k.arg: _constant(k.value) for k in node.keywords}
    own = kind == "typed dict"
    for decorator in node.decorator_list:
        target = names.target(decorator.func if type(decorator) is _ast.Call else decorator)
        if target == "dataclasses.dataclass" and kind != "typed dict":
            kind, own = "dataclass", True
        elif target not in _NEUTRAL_DECORATORS:
            return None
    if keywords.keys() - {"total"} or type(keywords.get("total", True)) is not bool:
        return None
    if own:
        read = _read_fields(names, node, kind, keywords.get("total", True))
        if read is None:
            return None
        fields.update(read)
    return kind, fields


def _read_fields(names, node, kind, total):
    """The fields that a class body itself declares, or None."""
    if any(type(statement) not in _CLASS_STATEMENTS for statement in node.body):
        return None
    hidden = _type_parameters(node) | _names_in_class(node)
    fields = {}
    for position, statement in enumerate(node.body):
        if type(statement) is not _ast.AnnAssign:
            continue
        if type(statement.target) is not _ast.Name:
            return None
        name = statement.target.id
        if name.startswith("__") and not name.endswith("__"):
            return None  # it is mangled
        qualifiers = _qualifiers(names, statement.annotation, hidden)
        if qualifiers & {"typing.ClassVar", "dataclasses.InitVar", "dataclasses.KW_ONLY"}:
            continue
        description = _docstring(node.body[position + 1 :])
        if kind == "typed dict":
            fields[name] = _Field(statement.annotation, hidden, _required(qualifiers, total), description)
        else:
            fields[name] = _dataclass_field(names, statement, hidden, description)
    return fields


def _names_in_class(node):
    """Names with a value in the class body: a hint there would mean these."""
    found = set()
    for statement in node.body:
        if type(statement) in (*_DEF_NODES, _ast.ClassDef):
            found.add(statement.name)
        elif type(statement) is _ast.AnnAssign and statement.value and type(statement.target) is _ast.Name:
            found.add(statement.target.id)
        elif type(statement) is _ast.Assign:
            found |= {target.id for target in statement.targets if type(target) is _ast.Name}
    return found


def _dataclass_field(names, statement, hidden, description):
    value = statement.value
    if type(value) is not _ast.Call or names.target(value.func) != "dataclasses.field":
        default = _UNKNOWN if value is None else _constant(value)
        return _Field(statement.annotation, hidden, value is None, description, default)
    options = {keyword.arg: keyword.value for keyword in value.keywords}
    default = _constant(options["default"]) if "default" in options else _UNKNOWN
    has_default = options.keys() & {"default", "default_factory", None}  # None: **options
    left_out = "init" in options and _constant(options["init"]) is not True
    text = _constant(options["doc"]) if "doc" in options else ""
    if type(text) is str and text.strip():
        description = text.strip()
    return _Field(statement.annotation, hidden, not has_default and not left_out, description, default)


def _qualifiers(names, hint, hidden):
    """What a field's hint says of the field itself."""
    found = set()
    while True:
        if type(hint) is _ast.Constant and type(hint.value) is str:
            hint = _expression(hint.value)
        within = type(hint) is _ast.Subscript
        target = names.target(hint.value if within else hint, hidden)
        if target in _QUALIFIERS:
            found.add(target)
        if not within or (target not in _QUALIFIERS and target != "typing.Annotated"):
            return found
        hint = hint.slice.elts[0] if type(hint.slice) is _ast.Tuple and hint.slice.elts else hint.slice


def _required(qualifiers, total):
    return "typing.Required" in qualifiers or total and "typing.NotRequired" not in qualifiers


def _enum_values(names, node):
    """The values of an Enum whose members are plain literals; else None."""
    if type(node) is not _ast.ClassDef or node.keywords:
        return None
    kinds = _ENUM_BASES.get(tuple(names.target(base) for base in node.bases))
    if kinds is None or any(names.target(decorator) not in _NEUTRAL_DECORATORS for decorator in node.decorator_list):
        return None
    values = []
    for statement in node.body:
        if type(statement) in (_ast.Expr, _ast.Pass):
            continue
        if type(statement) is _ast.FunctionDef:
            if statement.name in ("__new__", "__init__", "_generate_next_value_"):
                return None
            continue
        if type(statement) is not _ast.Assign or type(statement.targets[0]) is not _ast.Name:
            return None
        value = _constant(statement.value)
        if statement.targets[0].id.startswith("_") or type(value) not in kinds:
            return None
        values.append(value)
    return values
