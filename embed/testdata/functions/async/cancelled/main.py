import asyncio


async def main(input):
    try:
        async with asyncio.timeout(0):
            await forever()
    except TimeoutError:
        timed_out = True
    task = asyncio.create_task(cleans_up())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return [timed_out, task.cancelled()]
