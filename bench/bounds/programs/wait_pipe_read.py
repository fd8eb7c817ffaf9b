# a pipe that has a writer and no data
def case(input):
    import os
    r, w = os.pipe()
    os.read(r, 1)
