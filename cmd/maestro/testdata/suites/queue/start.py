import maestro


def start(input):
    return [maestro.spawn("later", {"n": n}, delay=60 * n) for n in range(2)]
