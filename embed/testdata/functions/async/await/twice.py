async def twice(input):
    return [await fetch(input), await fetch(input)]
