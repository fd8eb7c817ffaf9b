import logging
import sys

import maestro

log = logging.getLogger("shop")


def chatty(input):
    print("printed")
    print("to stderr", file=sys.stderr)
    log.warning("logged %d", 1)
    maestro.log.info("structured", amount=5)
    inner({})
