# forks the server
def case(input):
    import os
    pid = os.fork()
    if pid == 0: os._exit(0)
    return pid
