# a list that grows in a thread of its own
def case(input):
    import threading
    x = []
    def grow():
        while True: x.append(bytearray(1 << 20))
    t = threading.Thread(target=grow, daemon=True)
    t.start(); t.join()
