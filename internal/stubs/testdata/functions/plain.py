def plain(input):
    return input
