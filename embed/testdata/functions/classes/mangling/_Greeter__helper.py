def _Greeter__helper(x):
    return ["mangled", x]
