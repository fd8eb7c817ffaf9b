# A known difference: where Python looks the name up first, its arguments are
# evaluated here before the NameError.
def main(input):
    try:
        return missing(double(1))
    except NameError as error:
        return str(error)
