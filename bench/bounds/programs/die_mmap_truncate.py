# a mapped file that is shortened before it is read
def case(input):
    import mmap
    with open('f', 'wb+') as f:
        f.write(b'x' * 65536); f.flush()
        m = mmap.mmap(f.fileno(), 65536)
        f.truncate(0)
        return m[40000]
