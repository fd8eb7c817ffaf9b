import asyncio


async def tokens(words):
    try:
        for word in words:
            await asyncio.sleep(0)
            yield word
    finally:
        await asyncio.sleep(0)
        print("closed")
