import threading


def main(input):
    results = {}

    def work(n):
        print("thread", n)
        results[n] = double(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2)]
    threads.append(threading.Thread(target=double, args=(3,)))
    threads.append(threading.Timer(0, work, [4]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results.items())
