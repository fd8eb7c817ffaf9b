# a thread that prints after the function has returned
def case(input):
    import threading
    def shout():
        while True: print('x' * 1000)
    threading.Thread(target=shout, daemon=True).start()
    return 1
