def __helper(x):
    return ["plain", x]
