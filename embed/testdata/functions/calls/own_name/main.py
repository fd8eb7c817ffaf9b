# A function's call of itself by its own name is an ordinary call: no step, and
# any Python value may be passed.
def main(input, so_far=()):
    if input == 0:
        return [len(so_far), so_far[0] is object, list(map(main, []))]
    return main(input - 1, (*so_far, object))
