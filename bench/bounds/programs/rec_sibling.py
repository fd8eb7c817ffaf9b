# calls a sibling that does not exist
def case(input):
    return pong(input)
