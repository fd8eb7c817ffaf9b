# A tool of sys.monitoring belongs to the call that takes it: else it is in use at the
# next call, and its callback fails all others.
import sys


def work(n):
    return n + 1


def main(input):
    tools = sys.monitoring
    seen = []

    def started(code, offset):
        seen.append(code.co_name)
        if code.co_name == "forbidden":
            raise RuntimeError("forbidden has started")

    tools.use_tool_id(3, "watch")
    assert tools.register_callback(3, tools.events.PY_START, started) is None
    tools.set_events(3, tools.events.PY_START)

    def forbidden():
        pass

    work(1)
    try:
        forbidden()
    except RuntimeError as error:
        seen.append(str(error))
    other(None)
    assert tools.register_callback(3, tools.events.PY_START, started) is started
    return [name for name in seen if name in ("work", "forbidden", "other", "forbidden has started")]
