import maestro


def uncaught(input):
    return maestro.secret("missing")
