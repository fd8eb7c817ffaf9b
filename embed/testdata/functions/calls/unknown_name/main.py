def main(input):
    first = 1
    return missing(input, first)
