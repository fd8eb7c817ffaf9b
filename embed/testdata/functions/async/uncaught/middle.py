async def middle(input):
    return 1 + await fails(input)
