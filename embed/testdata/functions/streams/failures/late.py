async def late(input):
    yield 1
    yield {"a": [object()]}
