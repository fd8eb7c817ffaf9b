import contextvars
import threading


def main(n):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(note(n)))
    contextvars.Context().run(thread.start)
    thread.join()
    return answers[0]
