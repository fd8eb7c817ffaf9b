# 100 calls within each other work; one more is a RecursionError.
def ping(n):
    return 1 + pong(n - 1) if n else 0
