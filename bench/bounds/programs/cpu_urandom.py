# random bytes of the kernel, four hundred megabytes in one call
def case(input):
    import os
    while True: os.urandom(400_000_000)
