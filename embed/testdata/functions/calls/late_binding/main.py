# double does not exist when main is stored, nor at the first call: names
# resolve when the call happens, with no new version of main.
def main(input):
    try:
        return double(input)
    except NameError as error:
        return [str(error), error.name]
