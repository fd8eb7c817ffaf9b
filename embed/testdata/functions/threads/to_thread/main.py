import asyncio


async def main(input):
    loop = asyncio.get_running_loop()
    return await asyncio.gather(
        asyncio.to_thread(double, 1),
        loop.run_in_executor(None, lambda: double(2)),
        asyncio.to_thread(lambda: asyncio.run(fetch(3))),
    )
