import time


def waits(input):
    time.sleep(3600)
