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

It needs definition.py, hints_names.py and hints_fields.py before it, in the same namespace.
"""
# ruff: noqa: F821

import _ast
import warnings

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

# An Iterable or a Collection may be text or an object as well: they say nothing, but of
# a function that yields.
_ARRAYS = frozenset((
    "builtins.list", "builtins.set", "builtins.frozenset",
    "collections.abc.Sequence", "collections.abc.MutableSequence", "collections.abc.Set", "collections.abc.MutableSet",
))  # fmt: skip
_OBJECTS = frozenset((
    "builtins.dict", "collections.OrderedDict", "collections.defaultdict",
    "collections.abc.Mapping", "collections.abc.MutableMapping",
))  # fmt: skip

# Of what a function returns they say that its items are recorded, and checked, as an array.
_ITERATORS = frozenset((
    "collections.abc.Iterator", "collections.abc.Generator", "collections.abc.AsyncIterator", "collections.abc.AsyncGenerator",
))  # fmt: skip
_ITERABLES = _ITERATORS | {"collections.abc.Iterable", "collections.abc.AsyncIterable"}

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


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
                    yields = is_generator(node, source)
                    streams = {"input": frozenset(), "output": _ITERABLES if yields else _ITERATORS}
                    for part, hint in hints.items():
                        answer[part] = _derive(names, hint, _type_parameters(node), streams[part])
                    if yields and (answer["output"] or {}).get("type") != "array":
                        answer["output"] = None  # the hint is not that of what it yields
    except _HINT_ERRORS:
        pass
    return answer


def _last_definition(name, tree):
    found = None
    for node in tree.body:
        if type(node) in (*_DEF_NODES, _ast.ClassDef) and node.name == name:
            found = node
    return found if type(found) in _DEF_NODES else None


def _derive(names, hint, hidden, streams):
    if hint is None:
        return None
    try:
        schemas = _Schemas(names, streams=streams)
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


class _Schemas:
    """Makes the schemas of one hint, with the definitions that they share."""

    def __init__(self, names, root=None, streams=frozenset()):
        self.names = names
        self.streams = streams  # types that stand for the array of their items, in the hint itself
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
        if target in self.streams and not self.depth:
            return {"type": "array"}
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
        if target in self.streams and not self.depth:
            return self.array(arguments[:1], hidden)
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
