def middle(input):
    def inner(value):
        return [deepest(x) for x in [value]]

    return inner(input["n"])
