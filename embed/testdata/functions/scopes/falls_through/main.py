# Each name is bound in the source, and none of them is when it is used: they mean
# the siblings, in calls, as values, in class bodies and in code that is compiled later.
# The names that end in _nowhere are bound in the same way, and no function has them.
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siblings import typed, typed_nowhere
try:
    from no_such_package import optional, optional_nowhere
except ImportError:
    pass
deleted = deleted_nowhere = print
del deleted, deleted_nowhere
annotated: "int"
annotated_nowhere: "int"
for looped in ():
    pass
at_import = [later(0), typed(0)]


def binds():
    global declared, declared_nowhere
    declared = declared_nowhere = None


def later(x):
    return ["the module's own", x]


def outcome(call):
    try:
        return call()
    except NameError as error:
        return [str(error), error.name]


def main(input):
    class Body:
        value = typed(8)
        mapped = [annotated(i) for i in (9,)]

    return {
        "at import": at_import,
        "calls": [typed(1), optional(2), deleted(3), declared(4), annotated(5), looped(6), later(7)],
        "values": [list(map(f, [1])) for f in (typed, optional, deleted, declared, annotated, looped, later)],
        "class body": [Body.value, Body.mapped],
        "eval": eval("optional(10)"),
        "nowhere": [
            outcome(lambda: typed_nowhere(1)),
            outcome(lambda: optional_nowhere(1)),
            outcome(lambda: deleted_nowhere),
            outcome(lambda: declared_nowhere(1)),
            outcome(lambda: annotated_nowhere(1)),
        ],
    }
