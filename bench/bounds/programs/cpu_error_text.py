# an exception whose text, notes and attributes are never ready
def case(input):
    def spin(*args):
        while True:
            try:
                while True: pass
            except BaseException: pass
    class Hostile(Exception):
        __str__ = __repr__ = __getattribute__ = spin
    raise Hostile
