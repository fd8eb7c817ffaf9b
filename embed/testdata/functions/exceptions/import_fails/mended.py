def broken(input):
    return "mended"
