# the module posix, made a second time without its replacements
def case(input):
    import importlib.machinery, importlib.util
    m = importlib.util.module_from_spec(importlib.machinery.ModuleSpec('posix', importlib.machinery.BuiltinImporter))
    importlib.machinery.BuiltinImporter.exec_module(m)
    m._exit(5)
