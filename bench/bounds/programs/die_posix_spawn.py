# a child of posix_spawn that outlives the function
def case(input):
    import os
    pid = os.posix_spawn('/bin/sleep', ['sleep', '20'], {})
    return pid
