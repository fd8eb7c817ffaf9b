async def fine(x):
    return x
