def annotated(x):
    return ["annotated", x]
