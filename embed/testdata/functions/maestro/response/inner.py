import maestro


def inner(input):
    return maestro.Response(None, 204)
