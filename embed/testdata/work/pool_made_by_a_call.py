from concurrent.futures import ThreadPoolExecutor

pool = None


def main(n):
    global pool
    if pool is None:
        pool = ThreadPoolExecutor(4)
    return list(pool.map(note, [n]))[0]
