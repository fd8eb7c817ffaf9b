def wraps(input):
    try:
        fails(input)
    except KeyError as error:
        raise RuntimeError("wrapped") from error
