from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(4)


def main(n):
    print("submits", n)
    return pool.submit(work, n).result()


def work(n):
    print("works", n)
    return note(n)
