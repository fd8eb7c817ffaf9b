# a trace function of its own that spins
def case(input):
    import sys
    def spin(frame, event, arg):
        while True: pass
    sys.settrace(spin)
    (lambda: None)()
