import contextlib


async def numbers():
    for n in range(3):
        yield await double(n)


@contextlib.asynccontextmanager
async def opened(name):
    value = await double(name)
    try:
        yield value
    finally:
        await double("closed ")


async def main(input):
    async with opened("x") as value:
        return [
            value,
            [n async for n in numbers()],
            [await double(n) async for n in numbers() if await double(n)],
            {n: await double(n) for n in (1, 2)},
        ]
