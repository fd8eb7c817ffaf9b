async def note(input):
    print("noted", input["n"])
    return input
