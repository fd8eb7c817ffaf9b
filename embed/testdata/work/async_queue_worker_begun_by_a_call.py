import asyncio

jobs = asyncio.Queue()
begun = []


async def worker():
    while True:
        n, answer = await jobs.get()
        try:
            await asyncio.sleep(0.001)
            answer.set_result(note(n))
        except BaseException as error:
            if not answer.done():
                answer.set_result(repr(error))


async def main(n):
    if n % 10 == 0:  # while other calls are there
        begun.append(asyncio.create_task(worker()))
    answer = asyncio.get_running_loop().create_future()
    await jobs.put((n, answer))
    return await asyncio.wait_for(answer, 20)
