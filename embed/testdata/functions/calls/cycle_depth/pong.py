def pong(n):
    return 1 + ping(n - 1) if n else 0
