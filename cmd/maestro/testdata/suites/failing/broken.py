import no_such_package


def broken(input):
    return 1
