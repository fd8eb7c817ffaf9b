# decompresses megabytes to gigabytes
def case(input):
    import zlib
    c = zlib.compressobj()
    block = b'\0' * (1 << 22)
    small = b''.join(c.compress(block) for i in range(512)) + c.flush()
    return len(zlib.decompress(small))
