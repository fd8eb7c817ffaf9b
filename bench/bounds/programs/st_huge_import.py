# imports the whole standard library
def case(input):
    import sys, pkgutil, importlib
    n = 0
    for m in sorted(sys.stdlib_module_names):
        if m in ('antigravity', 'this', 'idlelib', 'turtledemo', 'turtle'): continue
        try: importlib.import_module(m); n += 1
        except BaseException as e: pass
    return n
