# a tool of sys.monitoring that loops wherever an exception is raised
def case(input):
    import sys
    m = sys.monitoring
    m.use_tool_id(3, 'x')
    def spin(*args):
        while True:
            try:
                while True: pass
            except BaseException: pass
    for e in (m.events.RAISE, m.events.PY_UNWIND, m.events.EXCEPTION_HANDLED, m.events.RERAISE): m.register_callback(3, e, spin)
    m.set_events(3, m.events.RAISE | m.events.PY_UNWIND | m.events.EXCEPTION_HANDLED)
    while True: pass
