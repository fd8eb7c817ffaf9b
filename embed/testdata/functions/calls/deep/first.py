def first(input):
    return ["first", *second(input)]
