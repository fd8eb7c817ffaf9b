from collections.abc import AsyncIterator


async def tokens(input: dict) -> AsyncIterator[str | int]:
    yield "a"
