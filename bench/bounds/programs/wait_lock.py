# acquires a lock twice
def case(input):
    import threading
    l = threading.Lock(); l.acquire(); l.acquire()
