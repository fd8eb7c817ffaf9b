def deeper(input):
    return 1 / input["n"]
