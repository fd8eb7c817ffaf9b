# a task that spins after its function has returned
import asyncio
async def spin():
    while True: await asyncio.sleep(0)

async def case(input):
    global TASK
    TASK = asyncio.create_task(spin())
    return 1
