def attempt(call):
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main(input):
    return [
        attempt(lambda: double.attribute),
        attempt(lambda: double[0]),
        attempt(lambda: double + 1),
        attempt(lambda: type(double)()),
        attempt(lambda: setattr(double, "x", 1)),
        attempt(lambda: double(double)),
    ]
