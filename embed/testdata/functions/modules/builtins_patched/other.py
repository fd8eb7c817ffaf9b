def other(input):
    print("from a sibling")
