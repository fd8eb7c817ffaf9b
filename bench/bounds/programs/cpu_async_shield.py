# a task that refuses its cancellation
import asyncio
async def case(input):
    while True:
        try: await asyncio.sleep(30)
        except BaseException: pass
