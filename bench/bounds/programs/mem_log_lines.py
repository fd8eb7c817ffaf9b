# lines of the log without end
def case(input):
    import logging
    log = logging.getLogger()
    while True: log.warning('a line of the log that is about as long as the lines of a usual log are')
