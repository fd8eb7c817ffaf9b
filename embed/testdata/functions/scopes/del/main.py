gone = print
del gone


def main(input):
    results = []

    def local():
        clean = None
        del clean
        return clean(1)

    for call in (local, lambda: gone(2)):
        try:
            results.append(call())
        except NameError as error:
            results.append([type(error).__name__, str(error)])
    return [*results, clean(3)]
