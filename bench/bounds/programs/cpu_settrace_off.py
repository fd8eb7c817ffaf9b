# a loop that removes the trace function that would stop it
def case(input):
    import sys, threading
    while True:
        try:
            sys.settrace(None); sys.setprofile(None)
            while True: sys.settrace(None)
        except BaseException: pass
