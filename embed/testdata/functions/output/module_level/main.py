print("importing main")


def main(input):
    print("calling main")
    return other()
