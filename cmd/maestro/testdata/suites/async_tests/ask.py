import asyncio


async def ask(input: str) -> str:
    await asyncio.sleep(0)
    return input[::-1]
