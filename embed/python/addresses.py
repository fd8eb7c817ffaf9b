"""ctypes in stored code: no addresses as numbers (cpython/rail_ctypes.h)."""

import _maestro


@when_imported("ctypes")  # noqa: F821 (on_import.py)
def _ready_ctypes(module):
    _refuse_numbers(module, "memmove", "memset", "cast")
    _bound_counts(module, "memmove", "memset")


def _refuse_numbers(module, *names):
    """Has functions of ctypes take no numbers for addresses. A pointer without a type
    is one, unless it was made of an object.
    """
    for name in names:
        function = getattr(module, name)

        def checked(*arguments, _function=function, _places=2 if name == "memmove" else 1, **named):
            for argument in (*arguments[:_places], *named.values()):
                raw = isinstance(argument, module.c_void_p) and argument._objects is None and argument.value
                if raw or isinstance(argument, int):
                    _maestro.check_addresses()
            return _function(*arguments, **named)

        checked.__name__ = checked.__qualname__ = name
        checked.__module__ = "ctypes"
        setattr(module, name, checked)


def _bound_counts(module, *names):
    """Has functions that change memory not go beyond the object that they change."""
    for name in names:
        function = getattr(module, name)

        def bounded(*arguments, _function=function, **named):
            first, count = arguments[:1], arguments[2:3]
            if first and count and isinstance(first[0], (module.Array, module.Structure, module.Union)):
                if isinstance(count[0], int) and count[0] > module.sizeof(first[0]):
                    _maestro.check_addresses()
            return _function(*arguments, **named)

        bounded.__name__ = bounded.__qualname__ = name
        bounded.__module__ = "ctypes"
        setattr(module, name, bounded)
