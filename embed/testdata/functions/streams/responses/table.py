import maestro


def rows(count):
    for n in range(count):
        yield square(n)


def table(input):
    return maestro.Response(rows(input), headers={"Content-Type": "text/csv"})
