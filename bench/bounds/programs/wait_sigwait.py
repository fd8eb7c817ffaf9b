# a wait for a signal that never comes
def case(input):
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    return signal.sigwait([signal.SIGUSR2])
