import queue
import threading

jobs = queue.PriorityQueue()
begun = []


def worker():
    while True:
        n, _, answers = jobs.get()
        try:
            answers.put(note(n))
        except BaseException as error:
            answers.put(repr(error))


def main(n):
    if n == 0:  # ends before any other call begins
        begun.append(threading.Thread(target=worker, daemon=True))
        begun[0].start()
        return note(n)
    answers = queue.SimpleQueue()
    jobs.put((n, id(answers), answers))
    return answers.get(timeout=20)
