"""Turns objects that JSON does not have into simpler ones that it has.

The entry point is convert(object), which the C converter (cpython/json.h)
calls for every object whose type is not one of JSON's own, or that might be an
Enum: runtime.py passes it to _maestro.set_hooks. The result may contain
objects that need it again; the converter calls it for each of them, so
that a message names the exact place.

No module is imported here: an object can be a Decimal only if the module decimal
has been imported. Interpreters that do not need it start without it.
"""

from sys import modules as _modules


def convert(value):
    """Return the simpler object that stands for value in JSON, or value itself
    when there is none. What value's own methods raise comes through.
    """
    kind = type(value)
    converter = _known.get(kind)
    if converter is None:
        converter = _converter(kind)
    return converter(value)


def _sorted(value):
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def _base64(value):
    from binascii import b2a_base64

    return b2a_base64(value, newline=False).decode("ascii")


def _fields(value):
    return {name: getattr(value, name) for name in _field_names(type(value))}


def _field_names(kind):
    # Pseudo-fields (ClassVar, InitVar) are in __dataclass_fields__ as well.
    return [field.name for field in _modules["dataclasses"].fields(kind)]


def _dump_model(value):
    return value.model_dump(mode="json")


def _dump_pydantic(value):
    # A dataclass of pydantic's: what its TypeAdapter does, without making one.
    return type(value).__pydantic_serializer__.to_python(value, mode="json")


def _dump_old_model(value):
    # Of pydantic 1, whose own JSON follows Config.json_encoders and json_dumps.
    return _maestro.loads(value.json().encode("utf-8", "surrogatepass"))  # noqa: F821 (api.py)


def _attributes(value):
    return {attribute.name: getattr(value, attribute.name) for attribute in type(value).__attrs_attrs__}


def _value(value):
    return value.value


def _isoformat(value):
    return value.isoformat()


def _scalar(value):
    return value.item()


def _elements(value):
    # tolist() makes numbers of nanoseconds of dates.
    return list(value) if value.ndim and value.dtype.kind in "mM" else value.tolist()


def _same(value):
    return value


_known = {
    set: _sorted,
    frozenset: _sorted,
    bytes: _base64,
    bytearray: _base64,
    memoryview: _base64,
}

# (module, class, converter), the first that fits. An Enum goes before its base.
_by_class = (
    ("enum", "Enum", _value),
    ("datetime", "datetime", _isoformat),
    ("datetime", "date", _isoformat),
    ("datetime", "time", _isoformat),
    ("uuid", "UUID", str),
    ("decimal", "Decimal", str),
    ("pathlib", "PurePath", str),
)


# The same of numpy, whose arrays and scalars have no other counterpart in JSON.
_by_numpy_class = (
    ("datetime64", str),
    ("timedelta64", str),
    ("generic", _scalar),
    ("ndarray", _elements),
)


def _converter(kind):
    """Find how objects of that type are converted. Runs none of their code."""
    for module, name, converter in _by_class:
        base = getattr(_modules.get(module), name, None)
        if isinstance(base, type) and issubclass(kind, base):
            if kind is base:
                _known[kind] = converter  # only these: other classes must be able to go
            return converter
    # A pydantic model, known by what pydantic itself puts there.
    if hasattr(kind, "__pydantic_serializer__"):
        return _dump_model if hasattr(kind, "model_dump") else _dump_pydantic
    if hasattr(kind, "__fields__") and hasattr(kind, "__config__") and hasattr(kind, "json"):
        return _dump_old_model
    if hasattr(kind, "__attrs_attrs__"):
        return _attributes
    if hasattr(kind, "__dataclass_fields__") and "dataclasses" in _modules:
        return _fields
    if "numpy" in _modules:
        for name, converter in _by_numpy_class:
            base = getattr(_modules["numpy"], name, None)
            if isinstance(base, type) and issubclass(kind, base):
                return converter
    for base in kind.__mro__[1:-1]:
        if base in _known:
            return _known[base]
    return _same
