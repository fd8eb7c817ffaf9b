# Imports of other functions' modules: the function is what its plain name means,
# a sibling whose calls are steps, however it is imported; all else is the module's.
import importlib

import functions.reserve
import functions.reserve as module
from functions import reserve as called_module
from functions.reserve import VERSION, OutOfStock, reserve


def catches(call):
    try:
        call("pen")
    except OutOfStock as error:
        return str(error)


def main(input):
    dynamic = importlib.import_module("functions.reserve")
    ways = [reserve, functions.reserve.reserve, module.reserve, called_module, dynamic.reserve, getattr(dynamic, "reserve")]
    same = [way is reserve for way in ways]
    return [VERSION, same, [catches(way) for way in ways], reserve("own")]

# A new version, as the server makes one when what it imports has changed.
