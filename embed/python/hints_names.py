"""What the names in a function's source stand for, and what its literals say,
read off the syntax tree for hints.py.

It shares a namespace with transform.py, compile.py, hints_fields.py and hints.py.
"""

import _ast

_ONLY_TREE = 0x400  # ast.PyCF_ONLY_AST; the ast module itself costs milliseconds to import
_UNKNOWN = object()
_DEF_NODES = (_ast.FunctionDef, _ast.AsyncFunctionDef)

_SAME_TYPE = {
    "typing.List": "builtins.list", "typing.Dict": "builtins.dict", "typing.Set": "builtins.set",
    "typing.FrozenSet": "builtins.frozenset", "typing.Tuple": "builtins.tuple", "typing.Text": "builtins.str",
    "typing.OrderedDict": "collections.OrderedDict", "typing.DefaultDict": "collections.defaultdict",
    "typing.Sequence": "collections.abc.Sequence", "typing.MutableSequence": "collections.abc.MutableSequence",
    "typing.AbstractSet": "collections.abc.Set", "typing.MutableSet": "collections.abc.MutableSet",
    "typing.Mapping": "collections.abc.Mapping", "typing.MutableMapping": "collections.abc.MutableMapping",
    "typing.Iterator": "collections.abc.Iterator", "typing.Generator": "collections.abc.Generator",
    "typing.AsyncIterator": "collections.abc.AsyncIterator", "typing.AsyncGenerator": "collections.abc.AsyncGenerator",
    "typing.Iterable": "collections.abc.Iterable", "typing.AsyncIterable": "collections.abc.AsyncIterable",
}  # fmt: skip

# What says something of a field, not of its values.
_QUALIFIERS = frozenset((
    "typing.Required", "typing.NotRequired", "typing.ReadOnly", "typing.Final", "typing.ClassVar",
    "dataclasses.InitVar", "dataclasses.KW_ONLY",
))  # fmt: skip

# What every stored function finds without an import.
_PROVIDED = {"json": "json", "uuid": "uuid", "datetime": "datetime.datetime"}

_STARRED_MODULES = frozenset((
    "typing", "typing_extensions", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "pathlib", "uuid",
))  # fmt: skip


class _Names:
    """What the names of a module stand for at its top level.

    A name that is bound in more than one way stands for nothing certain.
    """

    def __init__(self, tree):
        self.bound = {}  # name → a dotted name, the node that defines it, or _UNKNOWN
        self.starred = []  # modules that are imported whole
        self.opaque = False  # one of them is not known here: any name may come from it
        stack = [(tree, False)]
        while stack:
            node, inside = stack.pop()
            if inside:  # of a function or class: only what it declares global
                if type(node) is _ast.Global:
                    for name in node.names:
                        self.bind(name, _UNKNOWN)
            else:
                self.survey(node)
            inside = inside or type(node) in (*_DEF_NODES, _ast.ClassDef, _ast.Lambda)
            for field in node._fields:
                value = getattr(node, field, None)
                for child in value if type(value) is list else (value,):
                    if isinstance(child, _ast.AST):
                        stack.append((child, inside))

    def survey(self, node):
        kind = type(node)
        if kind is _ast.Import:
            for alias in node.names:
                self.bind(alias.asname or alias.name.partition(".")[0], alias.name if alias.asname else alias.name.partition(".")[0])
        elif kind is _ast.ImportFrom:
            for alias in node.names:
                if alias.name != "*":
                    self.bind(alias.asname or alias.name, _UNKNOWN if node.level else f"{node.module}.{alias.name}")
                elif not node.level and node.module in _STARRED_MODULES:
                    self.starred.append(node.module)
                else:
                    self.opaque = True
        elif kind in _DEF_NODES:
            self.bind(node.name, _UNKNOWN)
        elif kind is _ast.ClassDef:
            self.bind(node.name, node)
        elif kind in (_ast.Assign, _ast.AnnAssign, _ast.TypeAlias):
            target = node.targets[0] if kind is _ast.Assign else node.name if kind is _ast.TypeAlias else node.target
            if type(target) is _ast.Name and node.value and (kind is not _ast.Assign or len(node.targets) == 1):
                self.bind(target.id, node)
                target.ctx = None  # seen: this is the name's definition
            elif kind is _ast.AnnAssign:
                target.ctx = None  # a bare annotation binds nothing
        elif kind is _ast.Name:
            if node.ctx is not None and type(node.ctx) is not _ast.Load:
                self.bind(node.id, _UNKNOWN)
        elif kind in (_ast.ExceptHandler, _ast.MatchAs, _ast.MatchStar) and node.name:
            self.bind(node.name, _UNKNOWN)
        elif kind is _ast.MatchMapping and node.rest:
            self.bind(node.rest, _UNKNOWN)

    def bind(self, name, meaning):
        if type(meaning) is str:
            meaning = _canonical(meaning)
        if self.bound.setdefault(name, meaning) != meaning:
            self.bound[name] = _UNKNOWN

    def target(self, node, hidden=frozenset()):
        """What a name or a dotted name stands for: the dotted name that it has
        where it is defined, the node that defines it here, or None.
        """
        if type(node) is _ast.Attribute:
            owner = self.target(node.value, hidden)
            return _canonical(f"{owner}.{node.attr}") if type(owner) is str else None
        if type(node) is not _ast.Name or node.id in hidden:
            return None
        found = self.bound.get(node.id)
        if found is _UNKNOWN:
            return None
        if found is not None:
            another = type(found) is _ast.Assign and type(found.value) in (_ast.Name, _ast.Attribute)
            return self.target(found.value) if another else found
        if self.opaque:
            return None
        for module in self.starred:
            name = _canonical(f"{module}.{node.id}")
            if name in _PLAIN_TYPES or name in _ARRAYS or name in _OBJECTS or name in _QUALIFIERS or name in _ITERABLES or name in _FORMS:
                return name
        return _PROVIDED.get(node.id, f"builtins.{node.id}")


def _canonical(name):
    if name.startswith("typing_extensions."):
        name = "typing." + name.removeprefix("typing_extensions.")
    return _SAME_TYPE.get(name, name)


def _expression(text):
    """The tree of a hint that is written as text; None when it is none."""
    try:
        return compile(text.strip(), "<hint>", "eval", _ONLY_TREE, dont_inherit=True).body
    except (SyntaxError, ValueError):
        return None


def _constant(node):
    """The value of a literal that JSON has, or _UNKNOWN."""
    if type(node) is _ast.UnaryOp and type(node.op) is _ast.USub:
        value = _constant(node.operand)
        return -value if type(value) in (int, float) else _UNKNOWN
    if type(node) is not _ast.Constant:
        return _UNKNOWN
    value = node.value
    if type(value) is float and value - value != 0:  # infinite
        return _UNKNOWN
    return value if value is None or type(value) in (str, int, float, bool) else _UNKNOWN


def _type_parameters(node):
    return frozenset(parameter.name for parameter in getattr(node, "type_params", ()))


def _summary(text):
    """The first paragraph of a docstring, on one line."""
    return " ".join(text.strip().partition("\n\n")[0].split())


def _docstring(body):
    if body and type(body[0]) is _ast.Expr and type(body[0].value) is _ast.Constant and type(body[0].value.value) is str:
        return _summary(body[0].value.value)
    return ""
