# waits for an event that is never set
def case(input):
    import threading
    threading.Event().wait()
