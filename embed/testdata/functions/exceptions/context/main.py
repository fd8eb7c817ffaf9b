def main(input):
    try:
        fails(input)
    except KeyError:
        missing(input)
