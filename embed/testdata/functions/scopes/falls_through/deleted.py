def deleted(x):
    return ["deleted", x]
