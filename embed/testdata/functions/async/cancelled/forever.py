import asyncio


async def forever(input):
    await asyncio.Event().wait()
