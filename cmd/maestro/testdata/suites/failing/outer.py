def outer(input):
    # a comment
    return deeper({"n": input["n"]})
