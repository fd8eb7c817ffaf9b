async def wait_for(input):
    return input
