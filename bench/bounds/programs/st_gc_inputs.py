# looks for other subtenants' values among all objects
def case(input):
    import gc
    return [str(o)[:100] for o in gc.get_objects() if isinstance(o, dict) and 'victim' in o and o is not input and len(o) == 1]
