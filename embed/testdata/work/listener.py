import logging
import logging.handlers
import queue


class Prints(logging.Handler):
    def emit(self, record):
        print("handles", record.getMessage())


records = queue.Queue()
logger = logging.getLogger("listener")
logger.propagate = False
logger.setLevel(logging.INFO)
logger.addHandler(logging.handlers.QueueHandler(records))
listener = logging.handlers.QueueListener(records, Prints())
listener.start()


def main(n):
    logger.info("%d", n)
    return note(n)
