# lowers the priority of the process
def case(input):
    import os
    return os.nice(5)
