def out_of_sibling(input):
    try:
        bad(1)
    except TypeError as error:
        return str(error)
