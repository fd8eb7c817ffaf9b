# a callback of the garbage collector that loops
def case(input):
    import gc
    def spin(phase, info):
        while True:
            try:
                while True: pass
            except BaseException: pass
    gc.callbacks.append(spin)
    gc.set_threshold(1)
    return [[] for i in range(10**6)]
