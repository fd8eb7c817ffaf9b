# opens a named pipe that has no writer
def case(input):
    import os
    p = './fifo'
    if not os.path.exists(p): os.mkfifo(p)
    open(p).read()
