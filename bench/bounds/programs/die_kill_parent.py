# kills the parent of its process
def case(input):
    import os
    os.kill(os.getppid(), 9)
