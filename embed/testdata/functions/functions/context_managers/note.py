def note(input):
    return input
