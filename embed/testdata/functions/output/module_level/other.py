print("importing other")


def other(input):
    print("calling other")
