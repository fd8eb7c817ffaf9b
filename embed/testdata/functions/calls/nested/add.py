def add(input):
    return input["a"] + input["b"]
