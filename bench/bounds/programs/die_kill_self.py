# kills its own process
def case(input):
    import os
    os.kill(os.getpid(), 9)
