async def empty_async(input):
    return
    yield
