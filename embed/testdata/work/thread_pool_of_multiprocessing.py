from multiprocessing.pool import ThreadPool

pool = ThreadPool(3)


def main(n):
    return pool.apply_async(note, (n,)).get(20)
