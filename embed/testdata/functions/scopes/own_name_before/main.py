# Before its def is reached, a function's own name is not bound: a NameError,
# though one that comes the way of a sibling call.
seen = []
for call in (lambda: main(1), lambda: list(map(main, [2]))):
    try:
        seen.append(call())
    except NameError as error:
        seen.append(str(error))


def main(input):
    return seen
