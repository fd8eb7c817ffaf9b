import asyncio

jobs = workers = None


async def worker():
    while True:
        n, answer = await jobs.get()
        print("takes", n)
        answer.set_result(note(n))


async def main(n):
    global jobs, workers
    if jobs is None:
        jobs = asyncio.Queue()
        context = __import__("contextvars").Context()
        workers = asyncio.create_task(worker(), context=context)
        if n == 0:
            return note(n)
    answer = asyncio.get_running_loop().create_future()
    await jobs.put((n, answer))
    return await asyncio.wait_for(answer, 20)
