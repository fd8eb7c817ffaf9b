# a handler of logging that logs
def case(input):
    import logging
    class H(logging.Handler):
        def emit(self, record): logging.getLogger().error('again %s', record)
    logging.getLogger().addHandler(H())
    logging.error('x')
