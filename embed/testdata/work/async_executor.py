import asyncio
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(4)


async def main(n):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_later(0.001, lambda: done.set_result(note(n)))
    await loop.run_in_executor(pool, note, n)
    await loop.run_in_executor(None, note, n)
    return await done
