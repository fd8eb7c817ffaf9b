async def slow(x):
    return ["awaited", x]
