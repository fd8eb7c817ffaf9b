import asyncio


async def fetch(input):
    await asyncio.sleep(0)
    return ["fetched", input]
