count = 1000


def other(input):
    global count
    count += 1
    return count
