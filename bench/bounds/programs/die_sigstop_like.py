# reads the thread's signal mask
def case(input):
    import signal, os
    return str(signal.pthread_sigmask(signal.SIG_BLOCK, []))
