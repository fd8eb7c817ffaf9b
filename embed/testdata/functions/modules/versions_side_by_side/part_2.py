value = "second"


def part(n):
    error = LookupError("handed out again")
    error.answer = lambda: [value, n]
    raise error
