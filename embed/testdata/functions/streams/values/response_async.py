import maestro


async def numbers():
    yield 1
    yield 2


def response_async(input):
    return maestro.Response(numbers())
