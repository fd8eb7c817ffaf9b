import maestro


async def rows():
    yield 1


async def table_async(input):
    return maestro.Response(rows())
