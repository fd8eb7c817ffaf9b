def fails(n):
    if n:
        raise [None, ValueError, LookupError][n](n)
    return "fine"
