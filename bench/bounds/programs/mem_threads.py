# ten thousand threads
def case(input):
    import threading
    n = 0
    try:
        for i in range(10_000):
            threading.Thread(target=threading.Event().wait, daemon=True).start(); n += 1
    except RuntimeError as x:
        return [n, str(x)]
    return n
