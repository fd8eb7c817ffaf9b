def third(input):
    return ["third", input]
