# changes the user of the process
def case(input):
    import os
    os.setuid(65534)
    return os.getuid()
