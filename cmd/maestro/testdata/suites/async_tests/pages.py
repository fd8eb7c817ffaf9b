from collections.abc import AsyncIterator


async def pages(input: int) -> AsyncIterator[str]:
    for n in range(input):
        yield await ask(f"{n}a")
