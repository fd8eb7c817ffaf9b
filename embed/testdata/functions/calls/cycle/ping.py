def ping(n):
    return ["ping", *(pong(n - 1) if n else [])]
