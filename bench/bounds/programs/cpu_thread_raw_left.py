# a thread of the _thread module that spins after the function has returned
def case(input):
    import _thread
    def spin():
        while True: pass
    _thread.start_new_thread(spin, ())
    return 'left a raw spinning thread'
