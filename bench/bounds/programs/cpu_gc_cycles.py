# cycles of objects, with the collector switched off
def case(input):
    import gc
    gc.disable()
    class N: pass
    while True:
        a = N(); b = N(); a.o = b; b.o = a
