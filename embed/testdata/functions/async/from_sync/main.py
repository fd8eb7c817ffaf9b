# An async sibling's call in an ordinary function is a coroutine, as in Python.
import asyncio
import inspect


def main(input):
    coroutine = fetch(1)
    kind = [inspect.isawaitable(coroutine), asyncio.iscoroutine(coroutine)]
    return [kind, asyncio.run(coroutine), asyncio.run(both())]


async def both():
    return await asyncio.gather(fetch(2), fetch(3))
