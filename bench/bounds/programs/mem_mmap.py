# two gigabytes by mmap, all written to
def case(input):
    import mmap
    global KEEP
    KEEP = []
    for i in range(32):
        m = mmap.mmap(-1, 64 << 20)
        m.write(b'x' * (64 << 20))
        KEEP.append(m)
    return len(KEEP)
