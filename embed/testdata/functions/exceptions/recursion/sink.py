def sink(input):
    def down(n):
        return down(n + 1)

    return down(0)
