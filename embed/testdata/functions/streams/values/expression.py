def expression(input):
    return (n for n in "ab")
