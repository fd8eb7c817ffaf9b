def reads(input):
    return input["headers"]["x-user-id"]
