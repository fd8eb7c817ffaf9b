from maestro import secret


def inner(input):
    return secret("KEY_INNER")
