# a thread whose exception ends in an exception of its own hook
def case(input):
    import threading
    def hook(args): raise SystemExit(9)
    threading.excepthook = hook
    t = threading.Thread(target=lambda: 1 / 0)
    t.start(); t.join()
    return 1
