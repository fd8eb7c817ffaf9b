import sys


def main(input):
    # An import that failed half way is made again, and the module is as it would
    # have been the first time.
    threading = sys.modules.pop("threading", None)
    sys.modules["threading"] = None
    try:
        import queue
    except ImportError as error:
        failed = str(error)
    del sys.modules["threading"]
    if threading:
        sys.modules["threading"] = threading
    import _queue
    import queue

    return [failed, queue.SimpleQueue is not _queue.SimpleQueue]
