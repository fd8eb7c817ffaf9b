value = "first"


def part(n):
    error = LookupError("handed out")
    error.answer = lambda: [n, value]
    raise error
