count = globals().get("count", 100)


def main(input):
    global count
    count += 1
    return ["version 2", count]
