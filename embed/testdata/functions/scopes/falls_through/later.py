def later(x):
    return ["later", x]
