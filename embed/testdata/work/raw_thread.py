import _thread
import queue


def main(n):
    answers = queue.Queue()
    _thread.start_new_thread(lambda: answers.put(note(n)), ())
    return answers.get(timeout=20)
