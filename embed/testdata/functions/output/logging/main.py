import logging

import maestro

log = logging.getLogger("shop.orders")


def main(input):
    logging.debug("not shown")
    logging.info("info %s", 1)
    logging.warning("warning")
    log.error("error from a named logger")
    log.critical("critical")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("with traceback")
    maestro.log.debug("debug is shown here")
    maestro.log.info("with fields", customer=7, tags=["a"], text="x")
    maestro.log.warning("w")
    maestro.log.error("e", error="not the level", level="a field")
    log.setLevel(logging.DEBUG)
    log.debug("shown now")
