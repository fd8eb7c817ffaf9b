import asyncio


async def fails(input):
    await asyncio.sleep(0)
    raise ValueError("from the depths")
