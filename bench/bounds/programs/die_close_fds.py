# closes every descriptor of the process
def case(input):
    import os
    os.closerange(0, 4096)
    return 1
