# pickles that announce or build more than there is
def case(input):
    import pickle
    found = []
    for text in (b'\x96' + (1 << 40).to_bytes(8, 'little') + b'.', b'\x8d' + (1 << 40).to_bytes(8, 'little') + b'.',
                 b'\x80\x04r\xff\xff\xff\x7f.', b']' + b'q\x00' + b'(h\x00' * 60 + b'.'):
        try: found.append(str(type(pickle.loads(text))))
        except (pickle.UnpicklingError, MemoryError, EOFError, ValueError, OverflowError) as e: found.append(type(e).__name__)
    text = b'\x80\x04]\x94' + b''.join(b'](' + b'h' + bytes([i]) * 1 + (b'h' + bytes([i])) * 9 + b'e\x94' for i in range(30)) + b'.'
    x = pickle.loads(text)
    return [found, len(repr(x))]
