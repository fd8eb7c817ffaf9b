count = 0


def main(input):
    global count
    count += 1
    return ["version 1", count]
