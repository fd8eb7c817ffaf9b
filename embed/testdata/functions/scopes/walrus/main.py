def main(input):
    def in_function():
        if clean := (lambda x: "walrus"):
            return clean(1)

    def in_comprehension():
        [double := f for f in [lambda x: "from a comprehension"]]
        return double(2)

    return [in_function(), in_comprehension(), clean(3), double(4)]
