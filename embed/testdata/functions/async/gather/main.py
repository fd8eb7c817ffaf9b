import asyncio


async def main(input):
    results = await asyncio.gather(fetch(1), fetch(2), slow(3), *map(fetch, [4, 5]))
    task = asyncio.create_task(slow(6))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fetch(n)) for n in (7, 8)]
    first = await asyncio.wait_for(fetch(9), 60)
    done, pending = await asyncio.wait([asyncio.ensure_future(fetch(10))])
    completed = sorted([await future for future in asyncio.as_completed([fetch(11), slow(12)])])
    return [results, await task, [t.result() for t in tasks], first, [t.result() for t in done], completed]
