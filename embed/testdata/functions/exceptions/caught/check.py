def check(n):
    if n < 0:
        raise ValueError("negative", n)
    return n
