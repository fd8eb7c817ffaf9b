# raises SIGSEGV in the process
def case(input):
    import signal
    signal.raise_signal(signal.SIGSEGV)
    return 1
