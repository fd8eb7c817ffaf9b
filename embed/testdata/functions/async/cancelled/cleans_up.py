import asyncio


async def cleans_up(input):
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned", await after())
