# joins a thread that waits
def case(input):
    import threading
    t = threading.Thread(target=threading.Event().wait)
    t.start(); t.join()
