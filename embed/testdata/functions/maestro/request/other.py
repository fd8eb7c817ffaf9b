import maestro


def other(input):
    r = maestro.request()
    return [r.method, r.headers["X-SIGNATURE"]]
