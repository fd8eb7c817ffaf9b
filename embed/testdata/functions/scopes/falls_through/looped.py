def looped(x):
    return ["looped", x]
