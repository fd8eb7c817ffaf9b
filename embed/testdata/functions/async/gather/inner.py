async def inner(x):
    return x + 1
