import builtins


def repairs(input):
    for name, value in kept.items():
        setattr(builtins, name, value)
    del builtins.kept
    return len([1, 2])
