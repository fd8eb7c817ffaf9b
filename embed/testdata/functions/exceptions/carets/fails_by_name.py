def fails_by_name(x):
    return undefined(x)
