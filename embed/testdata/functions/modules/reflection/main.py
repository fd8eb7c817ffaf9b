"""The docstring."""

import dataclasses
import inspect
import pickle
import typing


@dataclasses.dataclass
class Point:
    x: "int"


def local(a, b=1):
    return clean(a)  # noqa


def main(input):
    return [
        __doc__,
        main.__name__,
        main.__module__ == __name__,
        str(inspect.signature(local)),
        inspect.getsource(local),
        typing.get_type_hints(Point) == {"x": int},
        pickle.loads(pickle.dumps(Point(3))).x,
        inspect.currentframe().f_lineno,
        local.__code__.co_firstlineno,
    ]
