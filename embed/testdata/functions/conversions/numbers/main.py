def main(input):
    return [input, [type(x).__name__ for x in input]]
