import asyncio


async def work(n):
    await asyncio.sleep(0)
    return note(n), await asyncio.to_thread(note, n)


def main(n):
    return asyncio.run(work(n))[1]
