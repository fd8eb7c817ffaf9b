# Handlers that module-level code adds to any logger are those of the newest version
# only: each line is written once after a change, too.
import logging
import sys


def configured(name):
    logger = logging.getLogger(name)
    logger.addHandler(logging.StreamHandler(sys.stdout))
    logger.propagate = False
    return logger


log = configured("shop.orders")
kept = logging.NullHandler()
logging.getLogger().addHandler(kept)


def main(input):
    log.warning("once")
    return [len(log.handlers), logging.getLogger().handlers.count(kept), len(logging.getLogger().handlers)]

# And another one.
