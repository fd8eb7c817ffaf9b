# stops its process
def case(input):
    import os, signal
    os.kill(os.getpid(), signal.SIGSTOP)
