import queue
import threading

jobs = queue.Queue()


def worker():
    while True:
        n, answers = jobs.get()
        print("takes", n)
        try:
            answers.put(note(n))
        except BaseException as error:
            answers.put(repr(error))
        finally:
            jobs.task_done()


for _ in range(3):
    threading.Thread(target=worker, daemon=True).start()


def main(n):
    answers = queue.Queue()
    jobs.put((n, answers))
    return answers.get(timeout=20)
