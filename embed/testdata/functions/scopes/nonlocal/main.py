def main(input):
    def outer():
        clean = lambda x: "first"

        def inner():
            nonlocal clean
            clean = lambda x: "second"

        before = clean(1)
        inner()
        return [before, clean(2), [clean(3) for _ in "x"], (lambda: clean(4))()]

    def past():
        def double(x):
            return "local"

        def deeper():
            global double
            return double(5)

        return [double(5), deeper()]

    return [outer(), past(), clean(6)]
