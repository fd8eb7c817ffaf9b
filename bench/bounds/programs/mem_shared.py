# shared memory that is left behind
def case(input):
    from multiprocessing import shared_memory, resource_tracker
    kept = 0
    for i in range(40):
        m = shared_memory.SharedMemory(create=True, size=64 << 20, track=False)
        m.buf[:] = b'x' * (64 << 20)
        m.close()
        kept += 1
    return kept
