# a loop in an atexit function
def case(input):
    import atexit
    @atexit.register
    def spin():
        while True: pass
    return 1
