# an audit hook that loops, also at the end of the interpreter
def case(input):
    import sys
    armed = []
    def spin(event, args):
        while armed:
            try:
                while True: pass
            except BaseException: pass
    sys.addaudithook(spin)
    armed.append(1)
    return 1
