# a lock between processes that is never released
def case(input):
    import multiprocessing
    l = multiprocessing.Lock(); l.acquire(); l.acquire()
