# signal.pause
def case(input):
    import signal
    signal.pause()
