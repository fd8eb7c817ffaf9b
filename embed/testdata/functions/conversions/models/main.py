# Models of libraries are known by what the library puts into their classes. These
# stand for pydantic 1 and 2 and attrs, which tests do not install.
import json
from collections import namedtuple

Attribute = namedtuple("Attribute", "name")


class Old:  # as pydantic 1
    __fields__ = {"n": None}
    __config__ = None

    def __init__(self, **values):
        self.values = values

    def dict(self):
        return self.values

    def json(self):
        return json.dumps(self.values, default=lambda value: f"encoded {value!r}")


class Root:  # as RootModel of pydantic 2
    __pydantic_serializer__ = None

    def __init__(self, root):
        self.root = root

    def model_dump(self, mode):
        return [mode, self.root]


class Serializer:
    def to_python(self, value, mode):
        return {"mode": mode, "n": value.n}


class Checked:  # as a dataclass of pydantic 2
    __pydantic_serializer__ = Serializer()
    __dataclass_fields__ = {}
    n = 3


class Attrs:
    __slots__ = ("n", "_hidden", "inner")
    __attrs_attrs__ = (Attribute("n"), Attribute("_hidden"), Attribute("inner"))

    def __init__(self, n, inner=None):
        self.n, self._hidden, self.inner = n, {1, 2}, inner


def main(input):
    if input:
        return Attrs(object())
    return [
        Old(n=1, at={"é": 1 + 2j}),
        Root([1]),
        Checked(),
        Attrs(1, [Attrs(2), Old(x=Attrs)]),
        echo(Attrs(4)),
        echo(Old(n=5)),
        echo(model=Checked()),
    ]
