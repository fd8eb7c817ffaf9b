def optional(x):
    return ["optional", x]
