from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

pool = ThreadPoolExecutor(4)


def main(n):
    done = SimpleQueue()
    future = pool.submit(note, n)
    future.add_done_callback(lambda future: (print("done", n), done.put(future.result())))
    return done.get(timeout=20)
