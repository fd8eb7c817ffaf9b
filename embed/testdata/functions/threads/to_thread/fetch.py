async def fetch(x):
    return double(x)
