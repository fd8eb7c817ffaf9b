def lists(input):
    import inspect
    import sys

    for module in list(sys.modules.values()):
        hasattr(module, "__file__")
    return [inspect.getmodule(lists) is sys.modules[__name__], sorted(name for name in sys.modules if "keeps" in name)]
