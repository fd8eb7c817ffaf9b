import asyncio
import threading

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()


async def work(n):
    await asyncio.sleep(0.001)
    return note(n)


def main(n):
    return asyncio.run_coroutine_threadsafe(work(n), loop).result(20)
