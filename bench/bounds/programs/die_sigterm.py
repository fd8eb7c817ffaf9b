# asks its process to end
def case(input):
    import os, signal
    os.kill(os.getpid(), signal.SIGTERM)
    return 1
