import asyncio


async def main(input):
    seen = []
    try:
        await fail("one")
    except LookupError as error:
        seen.append(repr(error))
    results = await asyncio.gather(fail("two"), fine(3), return_exceptions=True)
    seen.append([repr(result) for result in results])
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("four"))
    except* LookupError as errors:
        seen.append([repr(error) for error in errors.exceptions])
    coroutine = fine(5)
    try:
        coroutine.throw(OSError("thrown in"))
    except OSError as error:
        seen.append(repr(error))
    return seen
