def typed(x):
    return ["typed", x]
