import asyncio
import contextvars

lock, gate = asyncio.Lock(), asyncio.Semaphore(3)
kept = contextvars.copy_context()


async def work(n):
    async with gate:
        await asyncio.sleep(0.001)
        print("works", n)
        return note(n)


async def main(n):
    async with lock:
        print("has the lock", n)
    first, second = await asyncio.gather(work(n), asyncio.to_thread(note, n))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work(n))
    kept.run(note, n)
    contextvars.Context().run(note, n)
    assert first == second == task.result()
    assert all(task.get_name() != "of another call" for task in asyncio.all_tasks())
    asyncio.current_task().set_name("of another call")
    await asyncio.sleep(0)
    return first
