def pong(n):
    return ["pong", *(ping(n - 1) if n else [])]
