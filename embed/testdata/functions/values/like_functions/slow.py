async def slow(x):
    return ["slow", x]
