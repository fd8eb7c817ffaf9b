def down(n):
    return down(n + 1)


def main(input):
    try:
        sink()
    except RecursionError as error:
        return [str(error), fine()]
