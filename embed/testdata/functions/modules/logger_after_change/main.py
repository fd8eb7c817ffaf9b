import logging
import sys

log = logging.getLogger(__name__)
log.addHandler(logging.StreamHandler(sys.stdout))
log.propagate = False
log.setLevel("DEBUG")


def main(input):
    log.debug("version 1")
    return len(log.handlers)
