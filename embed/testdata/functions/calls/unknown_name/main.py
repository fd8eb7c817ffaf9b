def main(input):
    first = 1
    return nobody(input, first)
