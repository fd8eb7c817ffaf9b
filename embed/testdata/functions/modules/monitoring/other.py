import sys


def forbidden():
    return 1


def other(input):
    return [forbidden(), sys.monitoring.get_tool(3)]
