# a module whose import never ends, from two threads
def case(input):
    import sys, threading, types, importlib.abc, importlib.machinery
    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name == 'never': threading.Event().wait()
    sys.meta_path.insert(0, Finder())
    threading.Thread(target=__import__, args=('never',), daemon=True).start()
    import never
