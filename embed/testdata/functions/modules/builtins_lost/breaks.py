# Builtins that code replaces are not what calls are made with: what does not use them
# itself goes on.
import builtins

lost = ("all", "any", "callable", "dict", "getattr", "hasattr", "isinstance", "list", "next", "print", "set", "str", "tuple", "type")
kept = {name: vars(builtins)[name] for name in lost}


def breaks(input):
    builtins.kept = kept
    for name in lost:
        setattr(builtins, name, None)
    return print is None
