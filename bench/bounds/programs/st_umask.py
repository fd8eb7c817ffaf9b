# changes the umask
def case(input):
    import os
    return os.umask(0)
