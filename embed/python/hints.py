"""Derives JSON Schemas from the type hints of a stored function.

The entry point is derive_schemas(name, source). Only the syntax tree is read:
nothing of the source is run or imported. What a schema says is enforced, so a
hint that is not understood with certainty gives no schema for its part; a
schema that accepts too much is a missed check, one that refuses a good value
is a broken function.

A schema describes the JSON form that a value has on its way in or out
(convert.py): a set is an array, a date is text, a dataclass is an object.
datetime and time carry no "format": isoformat() of one without a time zone is
no date-time of RFC 3339, and "format" is asserted.

It shares a namespace with transform.py and compile.py.
"""

import _ast
import warnings

_ONLY_TREE = 0x400  # ast.PyCF_ONLY_AST; the ast module itself costs milliseconds to import
_MOST_HINTS = 5_000  # aliases of aliases can grow without end
_HINT_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)

_CLOCK = r"\d{2}:\d{2}(:\d{2}([.,]\d+)?)?([Zz]|[+-]\d{2}:?\d{2}(:?\d{2}(\.\d+)?)?)?"

# What stands for a type alone, by the name it has where it is defined.
_PLAIN_TYPES = {
    "builtins.str": {"type": "string"},
    "builtins.int": {"type": "integer"},
    "builtins.float": {"type": "number"},
    "builtins.bool": {"type": "boolean"},
    "builtins.bytes": {"type": "string", "contentEncoding": "base64"},
    "builtins.bytearray": {"type": "string", "contentEncoding": "base64"},
    "types.NoneType": {"type": "null"},
    "typing.LiteralString": {"type": "string"},
    "datetime.datetime": {"type": "string", "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}[Tt ]{_CLOCK}$"},
    "datetime.date": {"type": "string", "format": "date"},
    "datetime.time": {"type": "string", "pattern": f"^{_CLOCK}$"},
    "uuid.UUID": {"type": "string", "format": "uuid"},
    "decimal.Decimal": {"type": ["string", "number"]},
    "pathlib.Path": {"type": "string"},
    "pathlib.PurePath": {"type": "string"},
    "pathlib.PosixPath": {"type": "string"},
    "pathlib.PurePosixPath": {"type": "string"},
}

# An Iterable or a Collection may be text or an object as well: they say nothing.
_ARRAYS = frozenset((
    "builtins.list", "builtins.set", "builtins.frozenset",
    "collections.abc.Sequence", "collections.abc.MutableSequence", "collections.abc.Set", "collections.abc.MutableSet",
))  # fmt: skip
_OBJECTS = frozenset((
    "builtins.dict", "collections.OrderedDict", "collections.defaultdict",
    "collections.abc.Mapping", "collections.abc.MutableMapping",
))  # fmt: skip

_SAME_TYPE = {
    "typing.List": "builtins.list", "typing.Dict": "builtins.dict", "typing.Set": "builtins.set",
    "typing.FrozenSet": "builtins.frozenset", "typing.Tuple": "builtins.tuple", "typing.Text": "builtins.str",
    "typing.OrderedDict": "collections.OrderedDict", "typing.DefaultDict": "collections.defaultdict",
    "typing.Sequence": "collections.abc.Sequence", "typing.MutableSequence": "collections.abc.MutableSequence",
    "typing.AbstractSet": "collections.abc.Set", "typing.MutableSet": "collections.abc.MutableSet",
    "typing.Mapping": "collections.abc.Mapping", "typing.MutableMapping": "collections.abc.MutableMapping",
}  # fmt: skip

# What says something of a field, not of its values.
_QUALIFIERS = frozenset((
    "typing.Required", "typing.NotRequired", "typing.ReadOnly", "typing.Final", "typing.ClassVar",
    "dataclasses.InitVar", "dataclasses.KW_ONLY",
))  # fmt: skip

# Bases that add no fields, and decorators that leave what they decorate as it is.
_NEUTRAL_BASES = frozenset(("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"))
_NEUTRAL_DECORATORS = frozenset((
    "functools.cache", "functools.lru_cache", "functools.total_ordering",
    "typing.final", "typing.override", "typing.runtime_checkable", "typing.deprecated", "warnings.deprecated",
    "enum.unique",
))  # fmt: skip

# What every stored function finds without an import.
_PROVIDED = {"json": "json", "uuid": "uuid", "datetime": "datetime.datetime"}

_STARRED_MODULES = frozenset((
    "typing", "typing_extensions", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "pathlib", "uuid",
))  # fmt: skip

_UNKNOWN = object()
_DEF_NODES = (_ast.FunctionDef, _ast.AsyncFunctionDef)


def derive_schemas(name, source):
    """Returns {"input": schema or None, "output": schema or None} for the
    top-level def of that name. None means that the hint says nothing that can
    be checked. Never raises for what a source holds.
    """
    answer = {"input": None, "output": None}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(source.removeprefix("\ufeff"), "<hints>", "exec", _ONLY_TREE, dont_inherit=True)
            node = _last_definition(name, tree)
            if node is None:
                return answer
            parameters = node.args.posonlyargs + node.args.args
            hints = {"input": parameters[0].annotation if parameters else None, "output": node.returns}
            if any(hints.values()):
                names = _Names(tree)
                if all(names.target(d.func if type(d) is _ast.Call else d) in _NEUTRAL_DECORATORS for d in node.decorator_list):
                    for part, hint in hints.items():
                        answer[part] = _derive(names, hint, _type_parameters(node))
    except _HINT_ERRORS:
        pass
    return answer


def _last_definition(name, tree):
    found = None
    for node in tree.body:
        if type(node) in (*_DEF_NODES, _ast.ClassDef) and node.name == name:
            found = node
    return found if type(found) in _DEF_NODES else None


def _derive(names, hint, hidden):
    if hint is None:
        return None
    try:
        schemas = _Schemas(names)
        schema = schemas.of(hint, hidden)
        named = schema.get("$ref", "").removeprefix("#/$defs/")
        if named in schemas.fields:  # its properties belong at the top, where a webhook looks for them
            schemas = _Schemas(names, root=named)
            schema = {**schemas.described(named), **{k: v for k, v in schema.items() if k != "$ref"}}
    except _HINT_ERRORS:
        return None
    if not _constrains(schema):
        return None
    if schemas.definitions:
        schema["$defs"] = schemas.definitions
    return schema


def _constrains(schema):
    return any(key not in ("description", "default") for key in schema)


def _type_parameters(node):
    return frozenset(parameter.name for parameter in getattr(node, "type_params", ()))


def _summary(text):
    """The first paragraph of a docstring, on one line."""
    return " ".join(text.strip().partition("\n\n")[0].split())


def _docstring(body):
    if body and type(body[0]) is _ast.Expr and type(body[0].value) is _ast.Constant and type(body[0].value.value) is str:
        return _summary(body[0].value.value)
    return ""


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
            if name in _PLAIN_TYPES or name in _ARRAYS or name in _OBJECTS or name in _QUALIFIERS or name in _FORMS:
                return name
        return _PROVIDED.get(node.id, f"builtins.{node.id}")


def _canonical(name):
    if name.startswith("typing_extensions."):
        name = "typing." + name.removeprefix("typing_extensions.")
    return _SAME_TYPE.get(name, name)


class _Field:
    """One member of an object: where its hint stands, and what is known."""

    def __init__(self, hint, owner, required, description, default=_UNKNOWN):
        self.hint = hint
        self.owner = owner  # the names that hide the module's own there
        self.required = required
        self.description = description
        self.default = default


class _Schemas:
    """Makes the schemas of one hint, with the definitions that they share."""

    def __init__(self, names, root=None):
        self.names = names
        self.root = root  # the class that is the whole schema: references to it are "#"
        self.definitions = {}  # what goes under $defs
        self.fields = {}  # class name → (fields, description), or None for one that is not understood
        self.aliases = {}  # name of an alias being resolved → the depth at which that began
        self.recursive = set()  # aliases that were met within themselves
        self.depth = 0  # arrays and objects around the present hint
        self.left = _MOST_HINTS

    def of(self, node, hidden=frozenset()):
        """The schema of a hint; {} when it says nothing certain."""
        self.left -= 1
        if self.left < 0:
            raise OverflowError
        kind = type(node)
        if kind is _ast.Constant:
            if node.value is None:
                return {"type": "null"}
            return self.of(_expression(node.value), hidden) if type(node.value) is str else {}
        if kind is _ast.BinOp and type(node.op) is _ast.BitOr:
            return self.union(_alternatives(node), hidden)
        if kind is _ast.Subscript:
            target = self.names.target(node.value, hidden)
            arguments = node.slice.elts if type(node.slice) is _ast.Tuple else [node.slice]
            return self.generic(target, arguments, hidden)
        target = self.names.target(node, hidden)
        if target in _PLAIN_TYPES:
            return dict(_PLAIN_TYPES[target])
        if target in _ARRAYS or target == "builtins.tuple":
            return {"type": "array"}
        if target in _OBJECTS:
            return {"type": "object"}
        return self.defined(target)

    def generic(self, target, arguments, hidden):
        form = _FORMS.get(target) if type(target) is str else None
        if not arguments and target != "builtins.tuple":
            return {}
        if form:
            return form(self, arguments, hidden)
        if target in _ARRAYS:
            return self.array(arguments, hidden)
        if target in _OBJECTS:
            return self.mapping(arguments, hidden)
        if target in _QUALIFIERS:
            return self.of(arguments[0], hidden)
        return self.defined(target)

    def within(self, node, hidden):
        """The schema of a hint one level further down in the value."""
        self.depth += 1
        schema = self.of(node, hidden)
        self.depth -= 1
        return schema

    def array(self, arguments, hidden):
        items = self.within(arguments[0], hidden) if len(arguments) == 1 else {}
        return {"type": "array", "items": items} if _constrains(items) else {"type": "array"}

    def mapping(self, arguments, hidden):
        values = self.within(arguments[1], hidden) if len(arguments) == 2 else {}
        return {"type": "object", "additionalProperties": values} if _constrains(values) else {"type": "object"}

    def tuple(self, arguments, hidden):
        if len(arguments) == 2 and type(arguments[1]) is _ast.Constant and arguments[1].value is ...:
            return self.array(arguments[:1], hidden)
        if any(type(a) in (_ast.Starred, _ast.Subscript) and self.unpacks(a, hidden) for a in arguments):
            return {"type": "array"}
        items = [self.within(argument, hidden) for argument in arguments]
        schema = {"type": "array", "minItems": len(items), "maxItems": len(items)}
        return {**schema, "prefixItems": items} if items else schema

    def unpacks(self, node, hidden):
        return type(node) is _ast.Starred or self.names.target(node.value, hidden) == "typing.Unpack"

    def union(self, nodes, hidden):
        return _any_of([self.of(node, hidden) for node in nodes])

    def optional(self, arguments, hidden):
        return _any_of([self.union(arguments, hidden), {"type": "null"}])

    def literal(self, arguments, hidden):
        values = []
        for argument in arguments:
            value = _constant(argument)
            if value is _UNKNOWN:
                nested = self.of(argument, hidden)
                if type(argument) not in (_ast.Subscript, _ast.Name, _ast.Attribute) or "enum" not in nested:
                    return {}
                values += nested["enum"]
            else:
                values.append(value)
        return _enumeration(values)

    def annotated(self, arguments, hidden):
        schema = self.of(arguments[0], hidden)
        for argument in arguments[1:]:
            text = _constant(argument)
            if type(argument) is _ast.Call:
                text = self.documentation(argument, hidden)
            if type(text) is str and text.strip():
                return {**schema, "description": text.strip()}
        return schema

    def documentation(self, call, hidden):
        """The text of Doc("…") and of pydantic's Field(description="…")."""
        target = self.names.target(call.func, hidden)
        if target in ("typing.Doc", "annotated_doc.Doc") and call.args:
            return _constant(call.args[0])
        if target == "pydantic.Field":
            return next((_constant(k.value) for k in call.keywords if k.arg == "description"), None)
        return None

    def defined(self, target):
        """The schema of what this module defines."""
        kind = type(target)
        if kind is _ast.ClassDef:
            return self.reference(target.name, target)
        if kind is _ast.TypeAlias:
            return self.alias(target.name.id, target.value, _type_parameters(target))
        if kind is _ast.AnnAssign and self.names.target(target.annotation) == "typing.TypeAlias":
            return self.alias(target.target.id, target.value, frozenset())
        if kind is not _ast.Assign:
            return {}
        name, value = target.targets[0].id, target.value
        if type(value) is _ast.Call:
            made = self.names.target(value.func)
            if made == "typing.TypedDict":
                return self.reference(name, target)
            if made in ("typing.NewType", "typing.TypeAliasType") and len(value.args) == 2:
                return self.alias(name, value.args[1], frozenset())
        if type(value) in (_ast.Subscript, _ast.BinOp):
            return self.alias(name, value, frozenset())
        return {}

    def alias(self, name, value, hidden):
        """An alias stands for its value; one that contains itself needs a name."""
        if name in self.definitions:
            return {"$ref": f"#/$defs/{name}"}
        if name in self.aliases:
            if self.depth == self.aliases[name]:
                return {}  # type A = A | None: nothing in between, a reference would never end
            self.recursive.add(name)
            return {"$ref": f"#/$defs/{name}"}
        self.aliases[name] = self.depth
        schema = self.of(value, hidden)
        del self.aliases[name]
        if name not in self.recursive:
            return schema
        self.definitions[name] = schema
        return {"$ref": f"#/$defs/{name}"}

    def reference(self, name, node):
        if name == self.root:
            return {"$ref": "#"}
        if name not in self.fields:
            members = _enum_values(self.names, node)
            if members:
                return _enumeration(members)
            fields = self.fields[name] = _fields_of(self.names, node)
            if fields is not None:
                self.definitions[name] = None  # its place, should it contain itself
                self.definitions[name] = self.object(*fields)
        return {} if self.fields[name] is None else {"$ref": f"#/$defs/{name}"}

    def described(self, name):
        """The schema of a class itself, for the top."""
        return self.object(*_fields_of(self.names, self.names.bound[name]))

    def object(self, fields, description):
        schema = {"type": "object"}
        if description:
            schema["description"] = description
        schema["properties"] = {name: self.property(field) for name, field in fields.items()}
        required = [name for name, field in fields.items() if field.required]
        return {**schema, "required": required} if required else schema

    def property(self, field):
        schema = self.within(field.hint, field.owner)
        if field.default is None:  # x: int = None
            schema = _any_of([schema, {"type": "null"}])
        elif not _may_hold(schema, field.default):  # x: int = 0.5
            schema = {}
        if field.description:
            schema.setdefault("description", field.description)
        if field.default is not _UNKNOWN:
            schema["default"] = field.default
        return schema


_FORMS = {
    "builtins.tuple": _Schemas.tuple,
    "typing.Annotated": _Schemas.annotated,
    "typing.Literal": _Schemas.literal,
    "typing.Optional": _Schemas.optional,
    "typing.Union": _Schemas.union,
    # Known so that a star import finds them; alone they say nothing.
    "typing.Any": None,
    "typing.TypedDict": None,
    "typing.TypeAlias": None,
    "dataclasses.dataclass": None,
    "dataclasses.field": None,
    "enum.Enum": None,
    "enum.StrEnum": None,
    "enum.IntEnum": None,
}


def _expression(text):
    """The tree of a hint that is written as text; None when it is none."""
    try:
        return compile(text.strip(), "<hint>", "eval", _ONLY_TREE, dont_inherit=True).body
    except (SyntaxError, ValueError):
        return None


def _alternatives(node):
    """The members of a | b | c, from left to right, without recursion."""
    found, stack = [], [node]
    while stack:
        node = stack.pop()
        if type(node) is _ast.BinOp and type(node.op) is _ast.BitOr:
            stack += (node.right, node.left)
        else:
            found.append(node)
    return found


def _any_of(schemas):
    """The schema of a value that fits one of several."""
    flat = []
    for schema in schemas:
        if not _constrains(schema):
            return {}
        for one in schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]:
            if one not in flat:
                flat.append(one)
    if any(type(schema.get("type")) is list and "null" in schema["type"] for schema in flat):
        flat = [schema for schema in flat if schema != {"type": "null"}]
    if len(flat) < 2:
        return flat[0] if flat else {}
    if all(schema.keys() == {"type"} for schema in flat):
        types = []
        for schema in flat:
            types += [schema["type"]] if type(schema["type"]) is str else schema["type"]
        return {"type": list(dict.fromkeys(types))}
    others = [schema for schema in flat if schema != {"type": "null"}]
    if len(others) == 1 and type(others[0].get("type")) is str:  # Optional: null passes its other keywords
        one = dict(others[0], type=[others[0]["type"], "null"])
        if "enum" in one and None not in one["enum"]:
            one["enum"] = [*one["enum"], None]
        return one
    return {"anyOf": flat}


_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _may_hold(schema, value):
    """Whether the type in a schema lets a literal pass, as far as that shows."""
    name = _JSON_TYPES.get(type(value))
    types = schema.get("type", name)
    return name is None or name in types or name == "integer" and "number" in types


def _enumeration(values):
    kinds = {type(value) for value in values}
    schema = {"type": _JSON_TYPES[kinds.pop()]} if len(kinds) == 1 and kinds <= _JSON_TYPES.keys() else {}
    distinct = {(type(value), value): value for value in values}  # True is not 1
    return {**schema, "enum": list(distinct.values())}


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


_CLASS_STATEMENTS = (*_DEF_NODES, _ast.AnnAssign, _ast.Assign, _ast.ClassDef, _ast.Expr, _ast.Pass)


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


_ENUM_BASES = {
    ("enum.Enum",): (str, int, bool),
    ("enum.StrEnum",): (str,),
    ("enum.IntEnum",): (int,),
    ("builtins.str", "enum.Enum"): (str,),
    ("builtins.int", "enum.Enum"): (int,),
}


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
