import base64
import copyreg
import dataclasses
import enum
import gc
import importlib
import inspect
import linecache
import pickle
import sys
import typing

VERSION = 3


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Order:
    n: "int"
    colour: "Colour" = Colour.RED

    class Line:
        price = 2


def at_top(x):
    return [VERSION, x]


def keeps(input):
    if isinstance(input, int):
        return base64.b64encode(pickle.dumps([Order(5), Order.Line, at_top, Colour.RED], input)).decode()
    if input == "reflect":
        me = importlib.import_module(__name__)
        me.ASSIGNED = VERSION
        return {
            "name": __name__,
            "itself": [me is sys.modules[__name__], me.__dict__ is globals(), ASSIGNED],
            "hints": [t.__name__ for t in typing.get_type_hints(Order).values()],
            "source": [inspect.getsource(Order.Line), inspect.getsource(at_top), inspect.getmodule(Order) is me],
            "lines": [gc.collect() > -1, sorted(name for name in linecache.cache if name.startswith("<keeps"))],
            "files": [__file__, inspect.getsourcefile(Order), inspect.getfile(keeps)],
            "relative": relative(),
            "replaced": [dataclasses.replace(Order(1), n=2).n, copyreg.__name__],
        }
    order, line, function, colour = pickle.loads(base64.b64decode(input["load"]))
    return [type(order) is Order, order, line is Order.Line, function(1), colour is Colour.RED, VERSION]


def relative():
    try:
        from . import helper
    except ImportError as error:
        return str(error)
