# thirty-two deadlocks at once
def case(input):
    import threading
    l = threading.Lock(); l.acquire(); l.acquire()
