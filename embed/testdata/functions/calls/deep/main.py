def main(input):
    return ["main", *first(input)]
