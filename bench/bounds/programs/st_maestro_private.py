# looks for the private callbacks through the collector
def case(input):
    import gc, types
    r = []
    for o in gc.get_objects():
        if isinstance(o, types.ModuleType) and o.__name__ == '_maestro': r += [n for n in dir(o) if not n.startswith('__')]
    return r
