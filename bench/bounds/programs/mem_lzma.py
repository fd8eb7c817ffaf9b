# compressors with large dictionaries
def case(input):
    import lzma
    kept = []
    for i in range(8):
        c = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{'id': lzma.FILTER_LZMA2, 'preset': 9, 'dict_size': 512 << 20}])
        c.compress(b'x' * (1 << 20))
        kept.append(c)
    return len(kept)
