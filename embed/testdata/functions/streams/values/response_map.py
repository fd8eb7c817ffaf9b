import maestro


async def response_map(input):
    return maestro.Response(map(str, range(3)))
