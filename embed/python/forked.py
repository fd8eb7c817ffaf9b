"""What the processes that are forked from one zygote must not have in common."""


def forked():
    """Draws new random numbers, where what draws them was imported before the fork.
    The module random does so by itself, OpenSSL too, and uuid asks the system.
    """
    import os
    import sys

    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()  # from the system's
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        process.current_process().authkey = os.urandom(32)
