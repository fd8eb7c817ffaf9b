# a timer that ends the process
def case(input):
    import signal
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    import time; time.sleep(0.5)
    return 1
