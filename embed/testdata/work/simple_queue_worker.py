import queue
import threading

jobs, answers = queue.SimpleQueue(), {}


def worker():
    while True:
        n = jobs.get()
        print("takes", n)
        answers.pop(n).put(note(n))


threading.Thread(target=worker, daemon=True).start()


def main(n):
    answer = answers[n] = queue.Queue(1)
    jobs.put(n)
    return answer.get(timeout=20)
