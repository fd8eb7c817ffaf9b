import asyncio
import contextlib


async def main(input):
    async for word in tokens(["a", "b"]):
        yield word
    for word in plain(["c"]):
        yield word
    async for word in await awaited(["d"]):
        yield word
    async with contextlib.aclosing(tokens(["e", "f"])) as words:
        async for word in words:
            yield word
            break
    both = await asyncio.gather(*[anext(tokens([n])) for n in (1, 2)])
    yield both
    try:
        async with asyncio.timeout(0.001):
            yield "slow"
            await asyncio.sleep(60)
    except TimeoutError:
        yield "timed out"
    numbers = tokens([1])
    await anext(numbers)
    try:
        await anext(numbers)
    except StopAsyncIteration:
        yield "stopped"
