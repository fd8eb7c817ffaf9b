def other(input):
    try:
        return shared
    except NameError as error:
        return str(error)
