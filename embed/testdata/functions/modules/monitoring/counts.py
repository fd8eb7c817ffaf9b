import sys

calls = []
tools = sys.monitoring
tools.use_tool_id(4, "counts")
tools.register_callback(4, tools.events.PY_START, lambda code, offset: calls.append(code.co_name) if code.co_name == "work" else None)
tools.set_events(4, tools.events.PY_START)


def work():
    pass


def counts(input):
    work()
    return [len(calls), tools.get_tool(3), tools.get_tool(4)]
