# a profile function for all threads that loops
def case(input):
    import threading
    def spin(*args):
        while True:
            try:
                while True: pass
            except BaseException: pass
    threading.setprofile_all_threads(spin)
    threading.settrace_all_threads(spin)
    return len([1])
