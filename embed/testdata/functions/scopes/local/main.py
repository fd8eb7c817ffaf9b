def main(input):
    results = [clean(0)]

    def one():
        clean = lambda x: "local"
        return clean(1)

    def two():
        for clean in [lambda x: "loop"]:
            return clean(2)

    def three():
        def clean(x):
            return "inner def"

        return clean(3)

    def four():
        return clean(4)
        clean = None  # makes it local all the same

    def five():
        class clean:
            def __init__(self, x):
                self.x = x

        return clean(5).x

    def six():
        (clean, _), *rest = [(str, 1), 2]
        return clean(6)

    for call in (one, two, three, four, five, six):
        try:
            results.append(call())
        except UnboundLocalError as error:
            results.append(str(error))
    return results
