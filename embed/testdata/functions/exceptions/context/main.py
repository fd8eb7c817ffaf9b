def main(input):
    try:
        fails(input)
    except KeyError:
        nobody(input)
