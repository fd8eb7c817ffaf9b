import asyncio


async def slow(x):
    for _ in range(5):
        await asyncio.sleep(0)
    return (await inner(x)) - 1
