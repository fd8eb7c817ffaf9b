import asyncio
import threading


def main(input):
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()
    asyncio.run(tasks())
    exec("print('from exec')")
    list(map(print, ["from map"]))


async def tasks():
    await asyncio.gather(task(1), task(2))


async def task(n):
    print("from task", n)
