# A sibling's module calls back while main's own module is still being loaded.
first = helper("while loading")


def main(input):
    return [first, helper("later")]
