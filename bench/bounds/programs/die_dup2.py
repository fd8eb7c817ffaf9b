# puts a file over the descriptors of the process
def case(input):
    import os
    n = os.open('/dev/null', os.O_RDWR)
    for i in range(0, 64):
        if i != n: os.dup2(n, i)
    return 1
