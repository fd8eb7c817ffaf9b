# a loop in the __del__ of a global, when the interpreter ends
class Loop:
    def __del__(self):
        while True: pass

KEEP = Loop()

def case(input):
    return 1
